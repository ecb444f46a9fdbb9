#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "directory/base/error.hpp"

namespace bascule {

/// A value or an Error. Every function that returns one is marked [[nodiscard]].
template <class T>
using Result = tl::expected<T, Error>;

/// Success or an Error.
using Status = Result<void>;

/// Makes the error side of any Result: `return fail(ErrorKind::not_found, "not_found", "No such
/// user.");`
[[nodiscard]] inline tl::unexpected<Error> fail(
    ErrorKind kind, std::string code, std::string detail
) {
    return tl::unexpected<Error>(Error{kind, std::move(code), std::move(detail), {}, {}, {}});
}

[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
    return tl::unexpected<Error>(std::move(error));
}

}  // namespace bascule

#define BASCULE_CONCAT_(a, b) a##b
#define BASCULE_CONCAT(a, b) BASCULE_CONCAT_(a, b)

/// Binds the value of a Result, or returns its error: `BASCULE_TRY(auto user, store.find(id));`
/// Never inside a coroutine.
#define BASCULE_TRY(declaration, expression)                                          \
    auto BASCULE_CONCAT(result_, __LINE__) = (expression);                            \
    if (!BASCULE_CONCAT(result_, __LINE__)) {                                         \
        return ::bascule::fail(std::move(BASCULE_CONCAT(result_, __LINE__)).error()); \
    }                                                                                 \
    declaration = *std::move(BASCULE_CONCAT(result_, __LINE__))

/// Returns the error of a Status, if it has one.
#define BASCULE_CHECK(expression)                                                         \
    do {                                                                                  \
        if (auto BASCULE_CONCAT(status_, __LINE__) = (expression);                        \
            !BASCULE_CONCAT(status_, __LINE__)) {                                         \
            return ::bascule::fail(std::move(BASCULE_CONCAT(status_, __LINE__)).error()); \
        }                                                                                 \
    } while (false)
