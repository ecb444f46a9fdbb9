// Puts the same filters and patches through Bascule and through other implementations:
//   node differential.mjs PROGRAM
// Fails on any difference that known_differences.mjs does not explain.
import { Daemon } from "./daemon.mjs";
import { filters, users } from "./filters.mjs";
import { filterDifferences, patchDifferences } from "./known_differences.mjs";
import { comparable, filterLibraries, patchLibraries } from "./libraries.mjs";
import { patches } from "./patches.mjs";

const patchMessage = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/** Counts comparisons, and differences by the rule that explains them. */
class Tally {
    constructor(name, rules) {
        this.name = name;
        this.rules = rules;
        this.uses = new Map(rules.map((rule) => [rule, 0]));
        this.compared = 0;
        this.unexplained = [];
    }

    add(library, event) {
        ++this.compared;
        if (event.ours === event.theirs) return;
        const rule = this.rules.find((candidate) => candidate.library === library && candidate.applies(event));
        if (rule) this.uses.set(rule, this.uses.get(rule) + 1);
        else this.unexplained.push(`${library}: ${event.text}\n  Bascule: ${event.ours}\n  ${library}: ${event.theirs}`);
    }

    report() {
        console.log(`${this.name}: ${this.compared} comparisons`);
        for (const [rule, count] of this.uses) console.log(`  ${count} times ${rule.library} ${rule.what} (${rule.clause})`);
        for (const one of this.unexplained.slice(0, 10)) console.log(`UNEXPLAINED ${one}`);
        const idle = this.rules.filter((rule) => this.uses.get(rule) === 0);
        for (const rule of idle) console.log(`NOT NEEDED ${rule.library} ${rule.what}`);
        return this.unexplained.length === 0 && idle.length === 0;
    }
}

async function addUsers(daemon, count, seed) {
    const made = [];
    for (const user of users(count, seed)) {
        const answer = await daemon.request("POST", "/Users", user);
        if (answer.status !== 201) throw new Error(JSON.stringify(answer));
        made.push(answer.body);
    }
    return made;
}

async function compareFilters(daemon) {
    const tally = new Tally("filters", filterDifferences);
    const all = await addUsers(daemon, 60, 7);
    for (const { text, features } of filters(1500, 42)) {
        const answer = await daemon.request("GET", `/Users?count=1000&attributes=userName&filter=${encodeURIComponent(text)}`);
        if (answer.status !== 200) throw new Error(`${text}: ${answer.body.detail}`);
        const found = new Set(answer.body.Resources.map((resource) => resource.id));
        for (const [library, takes] of Object.entries(filterLibraries)) {
            for (const resource of all) {
                let theirs;
                try {
                    theirs = String(takes(text, resource));
                } catch (error) {
                    theirs = `fails: ${error.message}`;
                }
                const ours = String(found.has(resource.id));
                tally.add(library, { text: `${text} on ${resource.userName}`, features, resource, ours, theirs });
            }
        }
    }
    return tally;
}

async function comparePatches(daemon) {
    const tally = new Tally("patches", patchDifferences);
    const cases = patches(600, 5);
    const all = await addUsers(daemon, cases.length, 11);
    for (const [index, { operations, features }] of cases.entries()) {
        const before = all[index];
        const answer = await daemon.request("PATCH", `/Users/${before.id}`, { schemas: [patchMessage], Operations: operations });
        const ours = answer.status === 200 ? comparable(answer.body) : `refused: ${answer.body.scimType}`;
        for (const [library, patch] of Object.entries(patchLibraries)) {
            let theirs;
            try {
                theirs = comparable(await patch(before, operations));
            } catch (error) {
                theirs = ours.startsWith("refused") ? ours : `refused: ${error.message}`;
            }
            const text = `${JSON.stringify(operations)} on ${comparable(before)}`;
            tally.add(library, { text, features, operations, ours, theirs });
        }
    }
    return tally;
}

async function removeUsers(daemon) {
    const { body } = await daemon.request("GET", "/Users?count=1000&attributes=id");
    for (const { id } of body.Resources) await daemon.request("DELETE", `/Users/${id}`);
}

const daemon = await Daemon.start(process.argv[2]);
try {
    const filtered = await compareFilters(daemon);
    await removeUsers(daemon);
    const patched = await comparePatches(daemon);
    const explained = [filtered.report(), patched.report()];
    process.exitCode = explained.every(Boolean) ? 0 : 1;
} finally {
    await daemon.stop();
}
