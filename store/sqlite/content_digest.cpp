#include "store/sqlite/content_digest.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "directory/base/sha256.hpp"
#include "store/sqlite/connection.hpp"

namespace bascule::store {
namespace {

constexpr int cache_kib = 65'536;

// Rows of a source only; what is kept here of no source has random ids.
constexpr std::array<std::string_view, 5> tables{
    "SELECT o.id, t.name, s.name, o.deleted IS NULL, o.display, coalesce(d.body,''), "
    "coalesce(d.local,'') FROM object o LEFT JOIN document d ON d.oid=o.oid "
    "LEFT JOIN type t ON t.number=o.type JOIN source s ON s.number=o.source ORDER BY o.id",
    "SELECT e.kind, a.id, b.id FROM object a JOIN edge e ON e.src=a.oid "
    "JOIN object b ON b.oid=e.dst WHERE a.source<>0 ORDER BY a.id, e.kind, b.id",
    "SELECT s.name, e.anchor, e.dn, e.dn_key, e.csn, e.state, e.reason, e.blocked_by, e.raw "
    "FROM entry e JOIN source s ON s.number=e.source ORDER BY s.name, e.anchor",
    "SELECT s.name, u.dn_key, u.kind, o.id FROM unresolved u JOIN object o ON o.oid=u.src "
    "JOIN source s ON s.number=u.source ORDER BY s.name, o.id, u.kind, u.dn_key",
    "SELECT name, cookie, mapping_fingerprint, phase, held_plan FROM source ORDER BY name"};

class RowDigest {
  public:
    void add(Rows rows) {
        while (rows.next()) {
            const int columns = sqlite3_column_count(rows.handle());
            for (int column = 0; column < columns; ++column) {
                add(rows.blob(column));
            }
        }
        add("end of table");
    }

    [[nodiscard]] std::string text() { return digest_.hex(); }

  private:
    /// With its length, so that no two rows look the same.
    void add(std::string_view bytes) {
        digest_.add(fmt::format("{}:", bytes.size()));
        digest_.add(bytes);
    }

    Sha256 digest_;
};

}  // namespace

Result<std::string> content_digest(const std::string& path) {
    return guarded([&]() -> Result<std::string> {
        Connection connection(path, OpenMode::read_only, cache_kib);
        RowDigest digest;
        for (const std::string_view table : tables) {
            digest.add(connection.rows(table));
        }
        return digest.text();
    });
}

}  // namespace bascule::store
