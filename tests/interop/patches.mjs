// Patches of one or two operations on a user.
import { Random } from "./random.mjs";
import { enterprise } from "./filters.mjs";

const singles = {
    title: () => "lead",
    nickName: () => "nick",
    displayName: () => "Shown",
    active: (random) => random.below(2) === 0,
    "name.familyName": () => "stone",
    "name.middleName": () => "kai",
    [`${enterprise}:department`]: () => "legal",
    [`${enterprise}:division`]: () => "north"
};
const lists = {
    emails: (random) => [{ type: random.pick(["work", "other"]), value: `new${random.below(3)}@example.com` }],
    phoneNumbers: (random) => [{ type: "work", value: `+45 ${random.below(3)}` }]
};
const elements = {
    'emails[type eq "work"].value': () => "changed@example.com",
    'emails[type eq "home"].value': () => "changed@example.org",
    'emails[type eq "home"].display': () => "Home",
    'phoneNumbers[type eq "work"].value': () => "+45 9"
};

class PatchMaker {
    constructor(random) {
        this.random = random;
        this.features = new Set();
    }

    operation() {
        const op = this.random.pick(["add", "replace", "remove"]);
        switch (this.random.below(6)) {
            case 0:
            case 1:
                return this.withValue(op, singles);
            case 2:
                this.features.add("list");
                return this.withValue(op, lists);
            case 3:
                this.features.add("element");
                return this.withValue(op, elements);
            case 4:
                this.features.add("element");
                this.features.add("whole element");
                this.features.add("remove");
                return { op: "remove", path: this.random.pick(['emails[type eq "home"]', 'emails[type eq "work"]']) };
            default:
                return this.withoutPath(op === "remove" ? "add" : op);
        }
    }

    withValue(op, choices) {
        const path = this.random.pick(Object.keys(choices));
        this.features.add(op);
        if (path.includes(":")) this.features.add("extension");
        if (path.startsWith("name.")) this.features.add("sub-attribute");
        return op === "remove" ? { op, path } : { op, path, value: choices[path](this.random) };
    }

    withoutPath(op) {
        this.features.add("no path");
        this.features.add(op);
        const value = {};
        for (const path of ["title", "active"]) value[path] = singles[path](this.random);
        if (this.random.below(2) === 0) value.name = { familyName: "wood" };
        if (this.random.below(3) === 0) {
            this.features.add("list");
            value.emails = lists.emails(this.random);
        }
        if (this.random.below(3) === 0) {
            this.features.add("extension");
            value[enterprise] = { department: "legal" };
        }
        return { op, value };
    }
}

export function patches(count, seed) {
    const random = new Random(seed);
    return Array.from({ length: count }, () => {
        const maker = new PatchMaker(random);
        const operations = Array.from({ length: 1 + random.below(2) }, () => maker.operation());
        if (operations.length === 2) maker.features.add("two operations");
        return { operations, features: maker.features };
    });
}
