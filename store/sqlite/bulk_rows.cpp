#include "store/sqlite/bulk_rows.hpp"

#include <exception>
#include <optional>
#include <string>

namespace bascule::store {
namespace {

/// What the virtual table reads at the moment.
struct Feed {
    BulkRows* rows = nullptr;
    std::int64_t left = 0;
    std::int64_t taken = 0;
    bool at_end = true;
    std::optional<SqliteError> error;

    int advance() {
        at_end = true;
        if (left == 0) {
            return SQLITE_OK;
        }
        try {
            at_end = !rows->next();
        } catch (const SqliteError& raised) {
            error = raised;
            return SQLITE_ERROR;
        } catch (const std::exception& raised) {
            error = SqliteError(SQLITE_ERROR, raised.what());
            return SQLITE_ERROR;
        }
        if (!at_end) {
            --left;
            ++taken;
        }
        return SQLITE_OK;
    }
};

struct Table : sqlite3_vtab {
    Feed* feed = nullptr;
};

Feed& feed_of(sqlite3_vtab_cursor* cursor) {
    return *static_cast<Table*>(cursor->pVtab)->feed;
}

int connect(sqlite3* handle, void* feed, int, const char* const*, sqlite3_vtab** out, char**) {
    const int code = sqlite3_declare_vtab(handle, "CREATE TABLE x(a,b,c,d)");
    if (code != SQLITE_OK) {
        return code;
    }
    auto table = std::make_unique<Table>();
    table->feed = static_cast<Feed*>(feed);
    *out = table.release();
    return SQLITE_OK;
}

int disconnect(sqlite3_vtab* table) {
    delete static_cast<Table*>(table);
    return SQLITE_OK;
}

int best_index(sqlite3_vtab*, sqlite3_index_info*) {
    return SQLITE_OK;
}

int open(sqlite3_vtab*, sqlite3_vtab_cursor** out) {
    *out = std::make_unique<sqlite3_vtab_cursor>().release();
    return SQLITE_OK;
}

int close(sqlite3_vtab_cursor* cursor) {
    delete cursor;
    return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* cursor, int, const char*, int, sqlite3_value**) {
    return feed_of(cursor).advance();
}

int next(sqlite3_vtab_cursor* cursor) {
    return feed_of(cursor).advance();
}

int at_end(sqlite3_vtab_cursor* cursor) {
    return feed_of(cursor).at_end ? 1 : 0;
}

int column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int index) {
    feed_of(cursor).rows->column(context, index);
    return SQLITE_OK;
}

int rowid(sqlite3_vtab_cursor* cursor, sqlite3_int64* out) {
    *out = feed_of(cursor).taken;
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

const sqlite3_module bulk_module = make_module();

}  // namespace

std::int64_t insert_bulk(
    Connection& connection, std::string_view insert, BulkRows& rows, std::int64_t limit
) {
    Feed feed{&rows, limit, 0, true, std::nullopt};
    // The statement must go before the module that it reads, so it is not a kept one.
    if (const int code = sqlite3_create_module_v2(
            connection.handle(), "bulk_rows", &bulk_module, &feed, nullptr
        );
        code != SQLITE_OK) {
        throw SqliteError(code, "registering bulk_rows");
    }
    std::optional<SqliteError> failure;
    try {
        connection.script(insert);
    } catch (const SqliteError& error) {
        failure = feed.error ? feed.error : error;
    }
    sqlite3_create_module_v2(connection.handle(), "bulk_rows", nullptr, nullptr, nullptr);
    if (failure) {
        throw *failure;
    }
    return feed.taken;
}

}  // namespace bascule::store
