#include "connectors/ldap/dialects/dialect.hpp"

#include <gtest/gtest.h>

namespace bascule::ldap {
namespace {

directory::SourceEntry root(std::vector<directory::RawAttribute> attributes) {
    directory::SourceEntry entry;
    entry.attributes = std::move(attributes);
    return entry;
}

TEST(DialectDetection, KnowsServersByTheirRootEntry) {
    EXPECT_EQ(
        detect_dialect(root({{"objectClass", {"top", "OpenLDAProotDSE"}}})), Dialect::openldap
    );
    EXPECT_EQ(
        detect_dialect(root(
            {{"supportedCapabilities", {"1.2.840.113556.1.4.800"}},
             {"vendorName", {"Samba Team (https://www.samba.org)"}}}
        )),
        Dialect::active_directory
    );
    EXPECT_EQ(
        detect_dialect(root(
            {{"objectClass", {"top"}},
             {"vendorName", {"389 Project"}},
             {"vendorVersion", {"389-Directory/2.3.1 B2023.037.0000"}}}
        )),
        Dialect::ds389
    );
    EXPECT_EQ(
        detect_dialect(root({{"supportedControl", {"1.2.840.113556.1.4.319"}}})), Dialect::generic
    );
}

TEST(DialectDetection, SaysNothingOfARootEntryThatCannotBeRead) {
    EXPECT_EQ(detect_dialect(root({})), std::nullopt);
    EXPECT_EQ(detect_dialect(root({{"objectClass", {"top"}}})), std::nullopt);
}

}  // namespace
}  // namespace bascule::ldap
