// The other implementations, each behind the same two functions.
import * as parseFilter from "scim2-parse-filter";
import { scimPatch } from "scim-patch";
import SCIMMY from "scimmy";
import { enterprise } from "./filters.mjs";

SCIMMY.Resources.declare(SCIMMY.Resources.User).extend(SCIMMY.Schemas.EnterpriseUser);

/** Whether a filter takes a resource; a text when the implementation cannot tell. */
export const filterLibraries = {
    "scim2-parse-filter": (text, resource) => parseFilter.filter(parseFilter.parse(text))(resource),
    scimmy: (text, resource) => new SCIMMY.Types.Filter(text).match([resource]).length === 1
};

/** The resource after a patch. */
export const patchLibraries = {
    "scim-patch": async (resource, operations) => scimPatch(structuredClone(resource), structuredClone(operations)),
    scimmy: async (resource, operations) => {
        const { id, meta, groups, ...rest } = structuredClone(resource);
        const before = new SCIMMY.Schemas.User(rest, "in");
        const message = new SCIMMY.Messages.PatchOp({
            schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            Operations: structuredClone(operations)
        });
        const after = (await message.apply(before)) ?? before;
        return JSON.parse(JSON.stringify(after));
    }
};

/** What is compared of a resource: all that a client wrote, in an order of its own. */
export function comparable(resource) {
    const { id, meta, groups, schemas, ...rest } = resource;
    return JSON.stringify(ordered(rest));
}

function ordered(value) {
    if (Array.isArray(value)) {
        return value.map(ordered).map((one) => JSON.stringify(one)).sort().map((one) => JSON.parse(one));
    }
    if (value === null || typeof value !== "object") return value;
    const entries = Object.entries(value).map(([name, one]) => [name, ordered(one)]);
    const present = entries.filter(([, one]) => one !== undefined && one !== null && !isEmpty(one));
    return Object.fromEntries(present.sort(([left], [right]) => (left < right ? -1 : 1)));
}

function isEmpty(value) {
    return typeof value === "object" && Object.keys(value).length === 0;
}

export { enterprise };
