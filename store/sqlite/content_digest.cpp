#include "store/sqlite/content_digest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "directory/base/sha256.hpp"
#include "store/sqlite/connection.hpp"

namespace bascule::store {
namespace {

constexpr int cache_kib = 65'536;

// Rows of a source only; what is kept here of no source has random ids. In the order of the file,
// which is quickest: the digest of a table does not depend on the order of its rows. Numbers that
// are given as rows come are told as what they stand for.
constexpr std::string_view objects =
    "SELECT o.oid, o.id, o.source, t.name, s.name, o.deleted IS NULL, o.display, "
    "coalesce(d.body,''), coalesce(d.local,'') FROM object o LEFT JOIN document d ON d.oid=o.oid "
    "LEFT JOIN type t ON t.number=o.type LEFT JOIN source s ON s.number=o.source ORDER BY o.oid";
constexpr std::string_view edges = "SELECT src, dst, kind FROM edge";
constexpr std::string_view entries =
    "SELECT s.name, e.anchor, e.dn, e.dn_key, e.csn, e.state, e.reason, e.blocked_by, e.raw "
    "FROM entry e CROSS JOIN source s ON s.number=e.source ORDER BY e.oid";
constexpr std::string_view waiting =
    "SELECT u.src, s.name, u.dn_key, u.kind FROM unresolved u CROSS JOIN source s ON "
    "s.number=u.source";
constexpr std::string_view sources =
    "SELECT name, cookie, mapping_fingerprint, phase, held_plan FROM source";

/// The sum of the digests of its rows, so that their order does not matter.
class TableDigest {
  public:
    /// With its length, so that no two rows look the same.
    void add(std::string_view bytes) {
        const auto size = static_cast<std::uint64_t>(bytes.size());
        std::array<char, sizeof(size)> length{};
        for (std::size_t at = 0; at < length.size(); ++at) {
            length[at] = static_cast<char>((size >> (8 * at)) & 0xff);
        }
        row_.add({length.data(), length.size()});
        row_.add(bytes);
    }
    void add_columns(const Rows& rows, int from, int count) {
        for (int column = from; column < from + count; ++column) {
            add(rows.blob(column));
        }
    }
    void end_row() {
        const Sha256::Digest digest = row_.finish();
        unsigned carry = 0;
        for (std::size_t at = 0; at < sum_.size(); ++at) {
            carry += static_cast<unsigned>(sum_[at]) + static_cast<unsigned>(digest[at]);
            sum_[at] = static_cast<unsigned char>(carry & 0xffU);
            carry >>= 8U;
        }
        ++rows_;
    }
    [[nodiscard]] std::string text() const {
        return fmt::format("{}:", rows_) + std::string(sum_.begin(), sum_.end());
    }

  private:
    Sha256 row_;
    Sha256::Digest sum_{};
    std::uint64_t rows_ = 0;
};

/// The ids of objects by their row numbers.
class IdsOfRows {
  public:
    void add(std::int64_t oid, const Uuid& id, bool of_source) {
        const auto place = static_cast<std::size_t>(oid);
        if (place >= ids_.size()) {
            ids_.resize(std::max(place + 1, ids_.size() * 2));
        }
        ids_[place] = {id, of_source};
    }
    [[nodiscard]] std::string_view id(std::int64_t oid) const { return at(oid).id.raw(); }
    [[nodiscard]] bool is_of_source(std::int64_t oid) const { return at(oid).of_source; }

  private:
    struct Known {
        Uuid id{};
        bool of_source = false;
    };
    [[nodiscard]] const Known& at(std::int64_t oid) const {
        static const Known none;
        const auto place = static_cast<std::size_t>(oid);
        return place < ids_.size() ? ids_[place] : none;
    }
    std::vector<Known> ids_;
};

std::string digest_of_objects(Connection& connection, IdsOfRows& ids) {
    TableDigest digest;
    for (auto rows = connection.rows(objects); rows.next();) {
        const bool of_source = rows.integer(2) != 0;
        ids.add(rows.integer(0), rows.uuid(1), of_source);
        if (of_source) {
            digest.add(rows.blob(1));
            digest.add_columns(rows, 3, 6);
            digest.end_row();
        }
    }
    return digest.text();
}

std::string digest_of_edges(Connection& connection, const IdsOfRows& ids) {
    TableDigest digest;
    for (auto rows = connection.rows(edges); rows.next();) {
        if (ids.is_of_source(rows.integer(0))) {
            digest.add(ids.id(rows.integer(0)));
            digest.add(ids.id(rows.integer(1)));
            digest.add(rows.blob(2));
            digest.end_row();
        }
    }
    return digest.text();
}

std::string digest_of_waiting(Connection& connection, const IdsOfRows& ids) {
    TableDigest digest;
    for (auto rows = connection.rows(waiting); rows.next();) {
        digest.add(ids.id(rows.integer(0)));
        digest.add_columns(rows, 1, 3);
        digest.end_row();
    }
    return digest.text();
}

std::string digest_of(Connection& connection, std::string_view table) {
    TableDigest digest;
    for (auto rows = connection.rows(table); rows.next();) {
        digest.add_columns(rows, 0, sqlite3_column_count(rows.handle()));
        digest.end_row();
    }
    return digest.text();
}

}  // namespace

Result<std::string> content_digest(const std::string& path) {
    return guarded([&]() -> Result<std::string> {
        Connection connection(path, OpenMode::read_only, cache_kib);
        connection.run("BEGIN");
        IdsOfRows ids;
        std::string all = digest_of_objects(connection, ids);
        all += digest_of_edges(connection, ids);
        all += digest_of(connection, entries);
        all += digest_of_waiting(connection, ids);
        all += digest_of(connection, sources);
        connection.run("COMMIT");
        return sha256_hex(all);
    });
}

}  // namespace bascule::store
