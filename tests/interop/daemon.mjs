// The real program in a throw-away folder, and a client of it.
import { spawn, execFileSync } from "node:child_process";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync, openSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

function freePort() {
    return new Promise((resolve, reject) => {
        const server = createServer();
        server.once("error", reject);
        server.listen(0, "127.0.0.1", () => {
            const { port } = server.address();
            server.close(() => resolve(port));
        });
    });
}

export class Daemon {
    static async start(program) {
        const daemon = new Daemon();
        daemon.program = program;
        daemon.folder = mkdtempSync(join(tmpdir(), "bascule-interop."));
        mkdirSync(join(daemon.folder, "state"));
        const [port, management] = [await freePort(), await freePort()];
        daemon.base = `http://127.0.0.1:${port}/scim/v2`;
        const configuration = join(daemon.folder, "bascule.yaml");
        const secret = join(daemon.folder, "password");
        writeFileSync(secret, "unused", { mode: 0o600 });
        // The directory is not there: everything in these tests is local.
        writeFileSync(configuration, `
server: { listen: "127.0.0.1:${port}", public_url: "http://127.0.0.1:${port}" }
management: { listen: "127.0.0.1:${management}" }
admin: { socket: ${daemon.folder}/admin.sock }
store: { sqlite: { path: ${daemon.folder}/state/bascule.db } }
scim: { profiles: { whole_answers: { base: lenient, patch_answer: body } } }
sources:
  - name: corp
    servers: ["ldap://127.0.0.1:1"]
    base: dc=example,dc=com
    bind: { dn: "cn=bascule,dc=example,dc=com", password: { file: ${secret} } }
`);
        const log = openSync(join(daemon.folder, "bascule.log"), "w");
        daemon.process = spawn(program, ["serve", "--config", configuration], { stdio: ["ignore", log, log] });
        await daemon.#untilItServes();
        return daemon;
    }

    async #untilItServes() {
        for (let attempt = 0; attempt < 1200; ++attempt) {
            if (this.process.exitCode !== null) throw new Error(`the daemon ended: see ${this.folder}/bascule.log`);
            try {
                return void await fetch(`${this.base}/ServiceProviderConfig`);
            } catch {
                await pause(50);
            }
        }
        throw new Error("the daemon does not serve");
    }

    /** A bearer token that reads and writes users and groups. */
    makeToken(name, profile) {
        const more = profile ? ["--profile", profile] : [];
        const made = execFileSync(this.program, ["--socket", `${this.folder}/admin.sock`, "--json", "token", "create",
            "--name", name, "--scope", "users:write,groups:write,admin:write", ...more], { encoding: "utf8" });
        return JSON.parse(made).token;
    }

    async request(method, path, body) {
        this.token ??= this.makeToken("interop");
        const answer = await fetch(this.base + path, {
            method,
            headers: {
                authorization: `Bearer ${this.token}`,
                ...(body === undefined ? {} : { "content-type": "application/scim+json" })
            },
            body: body === undefined ? undefined : JSON.stringify(body)
        });
        const text = await answer.text();
        return { status: answer.status, body: text === "" ? null : JSON.parse(text) };
    }

    async stop() {
        const ended = new Promise((resolve) => this.process.once("exit", resolve));
        this.process.kill("SIGTERM");
        await ended;
        rmSync(this.folder, { recursive: true });
    }
}
