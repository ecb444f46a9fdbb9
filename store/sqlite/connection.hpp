#pragma once

#include <sqlite3.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>

#include "directory/base/result.hpp"
#include "directory/base/time.hpp"
#include "directory/base/uuid.hpp"
#include "store/sql/sql_text.hpp"

namespace bascule::store {

/// A failed SQLite call. Stays inside this folder: guarded() turns it into an Error at the port.
class SqliteError : public std::runtime_error {
  public:
    SqliteError(int code, const std::string& message) : std::runtime_error(message), code_(code) {}
    [[nodiscard]] int code() const { return code_; }
    /// `unavailable`/"store_full" when the disk refuses, otherwise `internal`/"store_failed".
    [[nodiscard]] Error to_error() const;

  private:
    int code_;
};

/// Runs `fn` and turns what SQLite threw into its Result's error.
template <class Fn>
[[nodiscard]] auto guarded(Fn&& fn) -> std::invoke_result_t<Fn> {
    try {
        return fn();
    } catch (const SqliteError& error) {
        return fail(error.to_error());
    }
}

struct StatementDeleter {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using StatementHandle = std::unique_ptr<sqlite3_stmt, StatementDeleter>;

/// The rows of one running statement. Resets the statement when it goes. Views that columns return
/// live until the next call of next().
class Rows {
  public:
    Rows(sqlite3_stmt* statement, bool* busy, StatementHandle owned);
    ~Rows();
    Rows(Rows&& other) noexcept;
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;
    Rows& operator=(Rows&&) = delete;

    [[nodiscard]] bool next();
    [[nodiscard]] std::int64_t integer(int column) const {
        return sqlite3_column_int64(statement_, column);
    }
    [[nodiscard]] bool is_null(int column) const {
        return sqlite3_column_type(statement_, column) == SQLITE_NULL;
    }
    [[nodiscard]] std::string_view text(int column) const;
    [[nodiscard]] std::string string(int column) const { return std::string(text(column)); }
    [[nodiscard]] std::string_view blob(int column) const;
    [[nodiscard]] Uuid uuid(int column) const;
    [[nodiscard]] Time time(int column) const {
        return Time(std::chrono::milliseconds(integer(column)));
    }

    sqlite3_stmt* handle() { return statement_; }

  private:
    sqlite3_stmt* statement_;
    bool* busy_;
    StatementHandle owned_;
};

enum class OpenMode { create, read_write, read_only };

/// One SQLite connection with its prepared statements, kept by their text. One thread at a time.
class Connection {
  public:
    /// Throws SqliteError. `cache_kib` is the page cache.
    Connection(const std::string& path, OpenMode mode, int cache_kib);

    /// Runs a statement for its effect. Bound text is not copied.
    template <class... Args>
    void run(std::string_view sql, const Args&... args) {
        Rows rows = prepare(sql);
        int index = 0;
        (bind(rows.handle(), ++index, args, SQLITE_STATIC), ...);
        while (rows.next()) {
        }
    }
    /// Starts a statement for its rows; arguments are copied.
    template <class... Args>
    [[nodiscard]] Rows rows(std::string_view sql, const Args&... args) {
        Rows result = prepare(sql);
        int index = 0;
        (bind(result.handle(), ++index, args, SQLITE_TRANSIENT), ...);
        return result;
    }
    [[nodiscard]] Rows rows(const Sql& sql);
    /// The first column of the first row as a number, when there is one.
    template <class... Args>
    [[nodiscard]] std::optional<std::int64_t> number(std::string_view sql, const Args&... args) {
        Rows result = rows(sql, args...);
        return result.next() ? std::optional(result.integer(0)) : std::nullopt;
    }
    /// Runs several statements that bind nothing.
    void script(std::string_view sql);

    [[nodiscard]] std::int64_t changes() const { return sqlite3_changes64(handle_.get()); }
    [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }
    [[nodiscard]] sqlite3* handle() const { return handle_.get(); }

  private:
    struct Closer {
        void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
    };
    struct Cached {
        StatementHandle statement;
        bool busy = false;
    };
    struct TextHash : std::hash<std::string_view> {
        using is_transparent = void;
    };

    [[nodiscard]] Rows prepare(std::string_view sql);
    [[nodiscard]] StatementHandle compile(std::string_view sql, unsigned flags) const;
    void make_room();

    using Destructor = void (*)(void*);
    void bind(sqlite3_stmt* statement, int index, std::string_view text, Destructor lifetime) const;
    void bind(sqlite3_stmt* statement, int index, const Blob& blob, Destructor lifetime) const;
    void bind(sqlite3_stmt* statement, int index, const Uuid& id, Destructor lifetime) const;
    void bind(sqlite3_stmt* statement, int index, std::nullopt_t, Destructor lifetime) const;
    void bind(sqlite3_stmt* statement, int index, const SqlValue& value, Destructor lifetime) const;
    void bind_integer(sqlite3_stmt* statement, int index, std::int64_t value) const;
    void bind(sqlite3_stmt* statement, int index, const char* text, Destructor lifetime) const {
        bind(statement, index, std::string_view(text), lifetime);
    }
    void bind(sqlite3_stmt* statement, int index, const std::string& text, Destructor lifetime)
        const {
        bind(statement, index, std::string_view(text), lifetime);
    }
    void bind(sqlite3_stmt* statement, int index, Time time, Destructor) const {
        bind_integer(statement, index, time.time_since_epoch().count());
    }
    template <class T>
    requires std::integral<T> || std::is_enum_v<T>
    void bind(sqlite3_stmt* statement, int index, T value, Destructor) const {
        bind_integer(statement, index, static_cast<std::int64_t>(value));
    }
    template <class T>
    void bind(
        sqlite3_stmt* statement, int index, const std::optional<T>& value, Destructor lifetime
    ) const {
        if (value) {
            bind(statement, index, *value, lifetime);
        } else {
            bind(statement, index, std::nullopt, lifetime);
        }
    }

    std::unique_ptr<sqlite3, Closer> handle_;
    std::unordered_map<std::string, Cached, TextHash, std::equal_to<>> statements_;
};

}  // namespace bascule::store
