#include "daemon/metrics.hpp"

#include <gtest/gtest.h>

namespace bascule::daemon {
namespace {

TEST(Metrics, RequestsAreCountedByRouteAndStatus) {
    Metrics metrics;
    http::RequestEvent event;
    event.listener = "public";
    event.method = http::Method::get;
    event.route = "/scim/v2/Users/{}";
    event.status = 200;
    metrics.request_finished(event);
    metrics.request_finished(event);
    event.status = 404;
    metrics.request_finished(event);
    const std::string text = metrics.text();
    EXPECT_NE(
        text.find("bascule_http_requests_total{listener=\"public\",method=\"GET\",route=\"/scim/v2/"
                  "Users/{}\",status=\"200\"} 2"),
        std::string::npos
    ) << text;
    EXPECT_NE(
        text.find(
            "bascule_http_request_seconds_count{listener=\"public\",route=\"/scim/v2/Users/{}\"} 3"
        ),
        std::string::npos
    );
}

TEST(Metrics, FailedSignInsAreCountedByReason) {
    Metrics metrics;
    directory::JournalRecord record;
    record.activity = "Sign in";
    metrics.recorded(record);
    record.outcome = directory::Outcome::failed;
    record.reason = "wrong_password";
    metrics.recorded(record);
    EXPECT_NE(
        metrics.text().find("bascule_sign_in_failures_total{reason=\"wrong_password\"} 1"),
        std::string::npos
    );
}

TEST(Metrics, CountersNeverFall) {
    Metrics metrics;
    for (const double total : {3.0, 7.0, 2.0}) {
        metrics.raise("bascule_probe_total", "A test.", {{"a", "b"}}, total);
    }
    const std::string text = metrics.text();
    EXPECT_NE(text.find("# TYPE bascule_probe_total counter"), std::string::npos) << text;
    EXPECT_NE(text.find("bascule_probe_total{a=\"b\"} 7"), std::string::npos) << text;
}

TEST(Metrics, SamplersRunAtEachScrape) {
    Metrics metrics;
    double value = 0;
    metrics.add_sampler([&value](Metrics& target) {
        target.set("bascule_probe", "A test.", {{"a", "b"}}, ++value);
    });
    EXPECT_NE(metrics.text().find("bascule_probe{a=\"b\"} 1"), std::string::npos);
    EXPECT_NE(metrics.text().find("bascule_probe{a=\"b\"} 2"), std::string::npos);
}

}  // namespace
}  // namespace bascule::daemon
