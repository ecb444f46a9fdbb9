// Filters and the users they run on.
import { Random } from "./random.mjs";

export const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

const titles = ["chief", "clerk", "driver", "engineer", "engineer ii"];
const cities = ["denver", "orlando", "portland"];

/** Users whose texts are in lower case, with attributes left out here and there. */
export function users(count, seed) {
    const random = new Random(seed);
    const maybe = (value) => (random.below(3) === 0 ? undefined : value);
    return Array.from({ length: count }, (_, index) => ({
        schemas: ["urn:ietf:params:scim:schemas:core:2.0:User", enterprise],
        userName: `user${String(index).padStart(3, "0")}`,
        externalId: maybe(`Ext-${index % 7}`),
        active: random.below(2) === 0,
        title: maybe(random.pick(titles)),
        nickName: maybe(`n${random.below(9)}`),
        name: maybe({ familyName: random.pick(["berg", "lind", "lund"]), givenName: maybe(random.pick(["ann", "bob"])) }),
        emails: maybe([
            { type: "work", value: `w${index}@example.com`, primary: true },
            ...(random.below(2) === 0 ? [{ type: "home", value: `h${index % 5}@example.org` }] : [])
        ]),
        addresses: maybe([{ type: "work", locality: random.pick(cities) }]),
        [enterprise]: { department: maybe(random.pick(["sales", "sales emea", "tools"])), costCenter: `c${index % 4}` }
    }));
}

const texts = {
    userName: ["user001", "user01", "r00", "user"],
    title: [...titles, "e", "eer", "none"],
    nickName: ["n1", "n", "5"],
    "name.familyName": ["berg", "l", "und"],
    "name.givenName": ["ann", "b"],
    "emails.value": ["w3@example.com", "@example.org", "h1"],
    "emails.type": ["work", "home"],
    [`${enterprise}:department`]: ["sales", "tools", "a"],
    [`${enterprise}:costCenter`]: ["c1", "c"],
    externalId: ["Ext-1", "Ext", "3"]
};
const valuePaths = {
    emails: ["type eq \"work\"", "type eq \"home\" and value co \"1\"", "type eq \"home\" or primary eq true", "not (type eq \"work\")"],
    addresses: ["type eq \"work\" and locality sw \"p\"", "locality pr"]
};

/** A filter as text, with the names of what it uses. */
class FilterMaker {
    constructor(random) {
        this.random = random;
        this.features = new Set();
    }

    make(depth) {
        const shape = this.random.below(depth > 0 ? 6 : 3);
        if (shape < 3) return this.leaf();
        if (shape === 3) {
            this.features.add("not");
            return `not (${this.make(depth - 1)})`;
        }
        const operator = shape === 4 ? "and" : "or";
        this.features.add(operator);
        const sides = [this.make(depth - 1), this.make(depth - 1)].map((side) => {
            const grouped = this.random.below(2) === 0 && !side.startsWith("not (");
            if (grouped) this.features.add("group");
            return grouped ? `(${side})` : side;
        });
        return sides.join(` ${operator} `);
    }

    leaf() {
        const kind = this.random.below(8);
        if (kind === 0) return `active ${this.operator(["eq", "ne"])} ${this.random.pick(["true", "false"])}`;
        if (kind === 1) {
            const path = this.random.pick(Object.keys(valuePaths));
            this.features.add("value path");
            return `${path}[${this.random.pick(valuePaths[path])}]`;
        }
        const path = this.random.pick(Object.keys(texts));
        if (path.includes(":")) this.features.add("extension");
        if (path.startsWith("emails")) this.features.add("several values");
        if (kind === 2) return `${path} ${this.operator(["pr"])}`;
        const operator = this.operator(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]);
        let literal = this.random.pick(texts[path]);
        if (this.random.below(6) === 0 && literal.toUpperCase() !== literal) {
            this.features.add("letter case");
            literal = literal.toUpperCase();
        }
        return `${path} ${operator} ${JSON.stringify(literal)}`;
    }

    operator(choices) {
        const operator = this.random.pick(choices);
        this.features.add(operator);
        return operator;
    }
}

export function filters(count, seed) {
    const random = new Random(seed);
    return Array.from({ length: count }, () => {
        const maker = new FilterMaker(random);
        return { text: maker.make(2), features: maker.features };
    });
}
