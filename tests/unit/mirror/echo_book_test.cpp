#include "directory/mirror/echo_book.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace bascule::mirror {
namespace {

constexpr const char* phones = R"([{"type":"mobile","value":"+49301111111"}])";

const Uuid id = uuid_v5({}, "ann");

std::string document(const std::string& numbers) {
    return R"({"userName":"ann","phoneNumbers":)" + numbers + "}";
}

TEST(EchoBook, WhatComesBackIsConfirmedOnce) {
    EchoBook book;
    {
        const auto claim = book.claim(id);
        EXPECT_FALSE(book.idle());
        book.written(id, phones);
    }
    EXPECT_EQ(book.figures().open, 1U);
    book.heard(uuid_v5({}, "bert"), document(phones));
    book.heard(id, document("[]"));
    EXPECT_EQ(book.figures().confirmed, 0U);
    book.heard(id, document(phones));
    book.heard(id, document(phones));
    EXPECT_EQ(book.figures().confirmed, 1U);
    EXPECT_EQ(book.figures().open, 0U);
    EXPECT_TRUE(book.idle());
}

TEST(EchoBook, AWriteThatFailsLeavesNothing) {
    EchoBook book;
    static_cast<void>(book.claim(id));
    EXPECT_TRUE(book.idle());
    EXPECT_EQ(book.figures().open, 0U);
}

TEST(EchoBook, TheMirrorWaitsForWhoWrites) {
    EchoBook book;
    std::atomic<bool> stored = false;
    auto claim = book.claim(id);
    bool stored_first = false;
    std::thread mirror([&] {
        book.heard(id, document(phones));
        stored_first = stored;
    });
    book.written(id, phones);
    stored = true;
    claim.reset();
    mirror.join();
    EXPECT_TRUE(stored_first);
    EXPECT_EQ(book.figures().confirmed, 1U);
}

}  // namespace
}  // namespace bascule::mirror
