#include "directory/base/log.hpp"

#include <atomic>

namespace bascule::log {
namespace {

std::atomic<Sink*>& current_sink() {
    static std::atomic<Sink*> sink{nullptr};
    return sink;
}

}  // namespace

Sink* set_sink(Sink* sink) {
    return current_sink().exchange(sink);
}

void emit(
    Level level, std::string_view event, std::string_view message,
    std::initializer_list<Field> fields
) {
    if (Sink* sink = current_sink().load()) {
        sink->write(level, event, message, fields);
    }
}

}  // namespace bascule::log
