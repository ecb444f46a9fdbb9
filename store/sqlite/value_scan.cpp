#include "store/sqlite/value_scan.hpp"

#include <bit>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "store/sqlite/value_block.hpp"

namespace bascule::store {
namespace {

enum Column { oid_column, attribute_column, at_end_column, wanted_column, long_column };
constexpr int argument_count = 4;
constexpr int descending_plan = 1;

std::string_view bytes_of(sqlite3_value* value) {
    const auto* data = static_cast<const char*>(sqlite3_value_blob(value));
    const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
    return data == nullptr ? std::string_view() : std::string_view(data, size);
}

struct Table : sqlite3_vtab {
    Connection* connection = nullptr;
};

struct Cursor : sqlite3_vtab_cursor {
    std::string wanted;
    ValueTest test;
    bool descending = false;
    std::optional<Rows> blocks;
    std::int64_t first = 0;    ///< the number of the block's first object
    std::uint64_t places = 0;  ///< of the block that are still to be given

    [[nodiscard]] int place() const {
        return descending ? 63 - std::countl_zero(places) : std::countr_zero(places);
    }
    void begin(Connection& connection, std::int64_t attribute) {
        blocks.reset();
        blocks.emplace(connection.rows(
            descending
                ? "SELECT place,body FROM value_block WHERE place>=? AND place<? ORDER BY place "
                  "DESC"
                : "SELECT place,body FROM value_block WHERE place>=? AND place<? ORDER BY place",
            block_place(attribute, 0), block_place(attribute + 1, 0)
        ));
        places = 0;
        find();
    }
    /// Goes to the next block with a match when the present one has no more.
    void find() {
        while (places == 0 && blocks) {
            if (!blocks->next()) {
                blocks.reset();
                return;
            }
            first = first_of_block(blocks->integer(0));
            places = matching_places(blocks->blob(1), test);
        }
    }
    void next() {
        places &= ~(std::uint64_t{1} << static_cast<unsigned>(place()));
        find();
    }
};

Cursor& cursor_of(sqlite3_vtab_cursor* cursor) {
    return *static_cast<Cursor*>(cursor);
}

/// Runs `fn`; no exception may pass through SQLite.
template <class Fn>
int guarded_step(sqlite3_vtab_cursor* cursor, const Fn& fn) {
    std::string message;
    int code = SQLITE_ERROR;
    try {
        fn();
        return SQLITE_OK;
    } catch (const SqliteError& error) {
        code = error.code();
        message = error.what();
    } catch (const std::exception& error) {
        message = error.what();
    }
    sqlite3_free(cursor->pVtab->zErrMsg);
    cursor->pVtab->zErrMsg = sqlite3_mprintf("%s", message.c_str());
    return code;
}

int connect(sqlite3* handle, void* connection, int, const char* const*, sqlite3_vtab** out, char**) {
    const int code = sqlite3_declare_vtab(
        handle, "CREATE TABLE x(oid, attribute HIDDEN, at_end HIDDEN, wanted HIDDEN, long HIDDEN)"
    );
    if (code != SQLITE_OK) {
        return code;
    }
    auto table = std::make_unique<Table>();
    table->connection = static_cast<Connection*>(connection);
    *out = table.release();
    return SQLITE_OK;
}

int disconnect(sqlite3_vtab* table) {
    delete static_cast<Table*>(table);
    return SQLITE_OK;
}

int best_index(sqlite3_vtab*, sqlite3_index_info* info) {
    int given = 0;
    for (int index = 0; index < info->nConstraint; ++index) {
        const auto& constraint = info->aConstraint[index];
        if (constraint.iColumn < attribute_column || constraint.op != SQLITE_INDEX_CONSTRAINT_EQ) {
            continue;
        }
        if (constraint.usable == 0) {
            return SQLITE_CONSTRAINT;
        }
        info->aConstraintUsage[index].argvIndex = constraint.iColumn;
        info->aConstraintUsage[index].omit = 1;
        ++given;
    }
    if (given != argument_count) {
        return SQLITE_CONSTRAINT;
    }
    if (info->nOrderBy == 1 && info->aOrderBy[0].iColumn == oid_column) {
        info->orderByConsumed = 1;
        info->idxNum = info->aOrderBy[0].desc != 0 ? descending_plan : 0;
    }
    info->estimatedCost = 1e5;
    info->estimatedRows = 1000;
    return SQLITE_OK;
}

int open(sqlite3_vtab*, sqlite3_vtab_cursor** out) {
    *out = std::make_unique<Cursor>().release();
    return SQLITE_OK;
}

int close(sqlite3_vtab_cursor* cursor) {
    delete &cursor_of(cursor);
    return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* base, int plan, const char*, int, sqlite3_value** arguments) {
    return guarded_step(base, [&] {
        auto& cursor = cursor_of(base);
        cursor.wanted = bytes_of(arguments[wanted_column - 1]);
        cursor.test = {
            sqlite3_value_int(arguments[at_end_column - 1]) != 0, cursor.wanted,
            sqlite3_value_int(arguments[long_column - 1]) != 0};
        cursor.descending = plan == descending_plan;
        cursor.begin(
            *static_cast<Table*>(base->pVtab)->connection,
            sqlite3_value_int64(arguments[attribute_column - 1])
        );
    });
}

int next(sqlite3_vtab_cursor* base) {
    return guarded_step(base, [&] { cursor_of(base).next(); });
}

int at_end(sqlite3_vtab_cursor* cursor) {
    return cursor_of(cursor).places == 0 ? 1 : 0;
}

std::int64_t oid_of(const Cursor& cursor) {
    return cursor.first + cursor.place();
}

int column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int index) {
    if (index == oid_column) {
        sqlite3_result_int64(context, oid_of(cursor_of(cursor)));
    }
    return SQLITE_OK;
}

int rowid(sqlite3_vtab_cursor* cursor, sqlite3_int64* out) {
    *out = oid_of(cursor_of(cursor));
    return SQLITE_OK;
}

sqlite3_module make_module() {
    sqlite3_module module{};
    module.xConnect = connect;  // without xCreate the table exists by itself
    module.xBestIndex = best_index;
    module.xDisconnect = disconnect;
    module.xOpen = open;
    module.xClose = close;
    module.xFilter = filter;
    module.xNext = next;
    module.xEof = at_end;
    module.xColumn = column;
    module.xRowid = rowid;
    return module;
}

const sqlite3_module scan_module = make_module();

/// The block that value_holds() looked at last; candidates often come in the order of numbers.
struct LastBlock {
    std::int64_t place = -1;
    std::uint64_t places = 0;
};

std::uint64_t read_places(Connection& connection, std::int64_t place, const ValueTest& test) {
    auto rows = connection.rows("SELECT body FROM value_block WHERE place=?", place);
    return rows.next() ? matching_places(rows.blob(0), test) : 0;
}

void value_holds(sqlite3_context* context, int, sqlite3_value** arguments) {
    const auto oid = sqlite3_value_int64(arguments[oid_column]);
    const auto place = block_place(sqlite3_value_int64(arguments[attribute_column]), oid);
    // What is kept with a bound argument goes when the statement ends.
    auto* last = static_cast<LastBlock*>(sqlite3_get_auxdata(context, wanted_column));
    LastBlock now;
    if (last != nullptr && last->place == place) {
        now = *last;
    } else {
        const ValueTest test{
            sqlite3_value_int(arguments[at_end_column]) != 0, bytes_of(arguments[wanted_column]),
            sqlite3_value_int(arguments[long_column]) != 0};
        try {
            auto& connection = *static_cast<Connection*>(sqlite3_user_data(context));
            now = {place, read_places(connection, place, test)};
        } catch (const std::exception& error) {
            sqlite3_result_error(context, error.what(), -1);
            return;
        }
        if (last != nullptr) {
            *last = now;
        } else {
            sqlite3_set_auxdata(
                context, wanted_column, std::make_unique<LastBlock>(now).release(),
                [](void* kept) { delete static_cast<LastBlock*>(kept); }
            );
        }
    }
    sqlite3_result_int(context, static_cast<int>(now.places >> (oid % objects_per_block) & 1U));
}

}  // namespace

void register_value_scan(Connection& connection) {
    int code = sqlite3_create_module_v2(
        connection.handle(), "value_scan", &scan_module, &connection, nullptr
    );
    if (code == SQLITE_OK) {
        code = sqlite3_create_function_v2(
            connection.handle(), "value_holds", argument_count + 1, SQLITE_UTF8, &connection,
            value_holds, nullptr, nullptr, nullptr
        );
    }
    if (code != SQLITE_OK) {
        throw SqliteError(code, "registering value_scan");
    }
}

}  // namespace bascule::store
