#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/sqlite/port_classes.hpp"
#include "store/sqlite/writer.hpp"

namespace bascule::store {

/// Read connections, one per borrower at a time, kept for the next. Thread-safe.
class ReaderPool {
  public:
    ReaderPool(std::string path, const RegistryNumbers& numbers, const Writer& writer)
        : path_(std::move(path)), numbers_(numbers), writer_(writer) {}

    /// Runs `fn` on one snapshot.
    [[nodiscard]] Status read(const std::function<Status(directory::Reader&)>& fn);

  private:
    struct Borrowed {
        std::unique_ptr<Connection> connection;
        std::unique_ptr<AboveCache> above;
    };
    [[nodiscard]] Borrowed borrow();
    void give_back(Borrowed borrowed);

    std::string path_;
    const RegistryNumbers& numbers_;
    const Writer& writer_;
    std::mutex mutex_;
    std::vector<Borrowed> idle_;
};

}  // namespace bascule::store
