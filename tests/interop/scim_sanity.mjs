// Runs scim-sanity in strict mode against the real program:
//   node scim_sanity.mjs PROGRAM SCIM-SANITY
// Fails on any finding that is not listed here.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Daemon } from "./daemon.mjs";

const known = [
    {
        test: "PATCH /Groups/{id} add member",
        reason: "adds a member that does not exist; RFC 7643 section 2.4 makes value the identifier of a resource, and a member " +
            "that is dropped without a word is worse than an error"
    }
];

async function probe(program, url, token) {
    const run = promisify(execFile);
    const options = ["probe", url, "--token", token, "--strict", "--json-output", "--i-accept-side-effects"];
    try {
        return (await run(program, options)).stdout;
    } catch (error) {
        if (!error.stdout) throw error;
        return error.stdout;  // it ends with 1 when a test failed
    }
}

const daemon = await Daemon.start(process.argv[2]);
try {
    const token = daemon.makeToken("scim-sanity", "whole_answers");
    const report = JSON.parse(await probe(process.argv[3], daemon.base, token));
    const failed = report.results.filter((result) => result.status === "fail");
    const unknown = failed.filter((result) => !known.some((one) => one.test === result.name));
    const idle = known.filter((one) => !failed.some((result) => result.name === one.test));
    console.log(`scim-sanity: ${JSON.stringify(report.summary)}`);
    for (const result of failed) console.log(`${unknown.includes(result) ? "FAILED" : "known"} ${result.name}: ${result.message}`);
    for (const one of idle) console.log(`NOT NEEDED ${one.test}`);
    process.exitCode = unknown.length === 0 && idle.length === 0 ? 0 : 1;
} finally {
    await daemon.stop();
}
