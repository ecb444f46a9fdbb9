#pragma once

#include "directory/model/registry.hpp"

namespace bascule::directory {

/// From a "Joined" row to the object that the entry is a part of.
inline constexpr EdgeKind joined_edge{5};

/// Adds the types that serve the product itself and are no SCIM resources:
/// - "Unmapped": holds the row of a mirrored entry that is not served; no attributes.
/// - "Joined": holds the row of a mirrored user entry that is part of an object of another source
///   (see joined_edge); `key` (exact, many) has the values it can be joined by.
/// - "Token": a bearer token; `hash` (exact) and `name` are unique and searchable.
/// - "Session": a signed-in person; `hash` (exact, unique) and `user` (exact) are searchable.
/// - "Credential": a local user's password hash, found by its id; nothing is searchable.
/// - "IdempotencyKey": the first outcome of an action, found by its id; nothing is searchable.
/// - "EventStream": a receiver of security event tokens and how far it has come; `name` is unique.
/// - "AsyncRequest": a request that was accepted to be answered later, and its answer.
/// Call once, at start.
void register_internal_types(Registry& registry);

}  // namespace bascule::directory
