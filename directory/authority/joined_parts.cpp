#include "directory/authority/joined_parts.hpp"

#include <utility>

#include "directory/model/internal_types.hpp"

namespace bascule::authority {

namespace {

constexpr std::size_t most_parts = 1000;

}  // namespace

Result<std::vector<JoinedPart>> joined_parts(directory::Reader& reader, directory::Oid object) {
    std::vector<JoinedPart> out;
    BASCULE_TRY(
        const auto rows, reader.edge_sources(directory::joined_edge, object, {}, most_parts)
    );
    for (const directory::ObjectRow& row : rows) {
        BASCULE_TRY(auto part, reader.find(row.oid));
        BASCULE_TRY(auto entry, reader.find_entry(row.oid));
        if (part && entry) {
            out.push_back(
                {row.source, std::move(entry->dn), std::move(part->local), row.oid, row.id}
            );
        }
    }
    return out;
}

}  // namespace bascule::authority
