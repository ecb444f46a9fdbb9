// Where another implementation answers differently, and the clause that decides for Bascule. `applies` gets what happened; a rule
// that nothing needs any more is an error, so that the list stays true.

export const filterDifferences = [
    {
        library: "scim2-parse-filter",
        what: "compares texts with regard to case, also where caseExact is false",
        clause: "RFC 7643 section 2.2 and RFC 7644 section 3.4.2.2",
        applies: ({ features }) => features.has("letter case")
    },
    {
        library: "scim2-parse-filter",
        what: "ne does not take a resource whose attribute has no value",
        clause: "RFC 7644 section 3.4.2.2: an attribute without value is not equal to any value",
        applies: ({ features }) => features.has("ne")
    },
    {
        library: "scim2-parse-filter",
        what: "the terms in the brackets of a value path may each be met by another element",
        clause: "RFC 7644 section 3.4.2.2: the expression is applied to each element",
        applies: ({ features }) => features.has("value path")
    },
    {
        library: "scimmy",
        what: "fails on a resource that lacks an attribute the filter goes into",
        clause: "RFC 7644 section 3.4.2.1: such an attribute has no value",
        applies: ({ theirs }) => theirs === "fails: Cannot convert undefined or null to object"
    },
    {
        library: "scimmy",
        what: "cannot read not within not, or a group within a group",
        clause: "RFC 7644 section 3.4.2.2, figure 1",
        applies: ({ theirs }) => /^fails: (Unexpected|Missing)/.test(theirs)
    },
    {
        library: "scimmy",
        what: "loses the order of not, and, or, groups and brackets when two of them meet",
        clause: "RFC 7644 section 3.4.2.2: grouping, then not, and, or",
        applies: ({ features }) =>
            ["not", "and", "or", "group", "value path"].filter((one) => features.has(one)).length >= 2
    },
    {
        library: "scimmy",
        what: "finds parts of the word undefined in an attribute that has no value",
        clause: "RFC 7644 section 3.4.2.2: such an attribute does not match",
        applies: ({ features, resource }) =>
            ["co", "sw", "ew"].some((operator) => features.has(operator)) &&
            ["title", "nickName", "externalId"].some((name) => resource[name] === undefined)
    },
    {
        library: "scimmy",
        what: "finds no attribute of an extension",
        clause: "RFC 7644 section 3.10",
        applies: ({ features }) => features.has("extension")
    },
    {
        library: "scimmy",
        what: "turns not around for each element of a list instead of for the expression",
        clause: "RFC 7644 section 3.4.2.2, table 4",
        applies: ({ features }) => features.has("not") && (features.has("several values") || features.has("value path"))
    },
    {
        library: "scimmy",
        what: "compares texts with regard to case, also where caseExact is false",
        clause: "RFC 7643 section 2.2 and RFC 7644 section 3.4.2.2",
        applies: ({ features }) => features.has("letter case")
    }
];

export const patchDifferences = [
    {
        library: "scim-patch",
        what: "replace makes the element that its value filter does not find",
        clause: "RFC 7644 section 3.5.2.3: noTarget",
        applies: ({ ours }) => ours.startsWith("refused: noTarget")
    },
    {
        library: "scim-patch",
        what: "refuses to remove elements that are not there",
        clause: "RFC 7644 section 3.5.2.2 leaves it open; what is not there is gone",
        applies: ({ theirs, features }) =>
            features.has("remove") && /Impossible to search|matching array entry was not found/.test(theirs)
    },
    {
        library: "scim-patch",
        what: "a complex value without path takes the unnamed sub-attributes away",
        clause: "RFC 7644 sections 3.5.2.1 and 3.5.2.3",
        applies: ({ operations }) => operations.some(({ path, value }) => path === undefined && value.name)
    },
    {
        library: "scim-patch",
        what: "splits the URN of an extension at its dot",
        clause: "RFC 7644 section 3.10",
        applies: ({ features }) => features.has("no path") && features.has("extension")
    },
    {
        library: "scimmy",
        what: "refuses to add a sub-attribute to an element that is not there",
        clause: "RFC 7644 section 3.5.2.1: a target that does not exist is added",
        applies: ({ theirs }) => theirs.includes("does not match any values")
    },
    {
        library: "scimmy",
        what: "replace without path adds to a list",
        clause: "RFC 7644 section 3.5.2.3: the values are replaced",
        applies: ({ operations }) => operations.some(({ op, path, value }) => op === "replace" && path === undefined && value.emails)
    }
];
