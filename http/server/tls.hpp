#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "directory/base/result.hpp"
#include "directory/base/time.hpp"
#include "http/server/options.hpp"

namespace bascule::http {

/// Builds a server context: TLS 1.2 and 1.3, forward secrecy and AEAD only, session tickets, a
/// client certificate when the files name authorities. `invalid_input`/"certificate_unusable" says
/// which file and why.
[[nodiscard]] Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(
    const TlsFiles& files
);

/// When the certificate in use ends.
[[nodiscard]] Time certificate_expiry(boost::asio::ssl::context& context);

/// Names in the peer's verified certificate, as "DNS:host", "email:…", "URI:…"; empty without one.
[[nodiscard]] std::vector<std::string> certificate_names(SSL* session);

/// The context that new connections take; old ones keep theirs. Thread-safe.
class TlsSlot {
  public:
    void set(std::shared_ptr<boost::asio::ssl::context> context) {
        const std::lock_guard lock(mutex_);
        context_ = std::move(context);
    }
    [[nodiscard]] std::shared_ptr<boost::asio::ssl::context> get() const {
        const std::lock_guard lock(mutex_);
        return context_;
    }

  private:
    mutable std::mutex mutex_;
    std::shared_ptr<boost::asio::ssl::context> context_;
};

}  // namespace bascule::http
