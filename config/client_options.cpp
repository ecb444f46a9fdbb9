#include "config/option_table.hpp"

namespace bascule::config::table {

std::vector<Option> rate_class_options() {
    using S = RateClassSettings;
    return {
        option<S>(
            "scim.rate_classes[].name", Kind::name, BASCULE_FIELD(name),
            {.help = "The name that clients are given; the class default is for those without one.",
             .example = "default",
             .required = true}
        ),
        option<S>(
            "scim.rate_classes[].reads", Kind::count, BASCULE_FIELD(reads),
            {.default_value = "0",
             .help = "Reads per second of each client; 0 is no limit.",
             .maximum = 1'000'000}
        ),
        option<S>(
            "scim.rate_classes[].writes", Kind::count, BASCULE_FIELD(writes),
            {.default_value = "0",
             .help = "Writes per second of each client; 0 is no limit.",
             .maximum = 1'000'000}
        ),
        option<S>(
            "scim.rate_classes[].burst", Kind::duration, BASCULE_FIELD(burst),
            {.default_value = "10s",
             .help = "The requests of so much time may come at once after a pause.",
             .minimum = 1000,
             .maximum = 3'600'000}
        ),
    };
}

std::vector<Option> issuer_options() {
    using S = IssuerSettings;
    return {
        option<S>(
            "sign_on.issuers[].name", Kind::name, BASCULE_FIELD(name),
            {.help = "Names the issuer in the subjects of clients.",
             .example = "entra",
             .required = true}
        ),
        option<S>(
            "sign_on.issuers[].issuer", Kind::text, BASCULE_FIELD(issuer),
            {.help = "What its tokens have as iss, exactly.",
             .example = "https://sts.windows.net/4a1c0b6e-1f0d-4f6e-8f10-0c4f7c1f2a11/",
             .required = true}
        ),
        option<S>(
            "sign_on.issuers[].audience", Kind::text, BASCULE_FIELD(audience),
            {.help = "What its tokens must have as aud, exactly.",
             .example = "api://bascule",
             .required = true}
        ),
        option<S>(
            "sign_on.issuers[].keys_url", Kind::text, BASCULE_FIELD(keys_url),
            {.help = "Where its public keys (JWKS) are; fetched when needed and kept.",
             .example = "https://login.microsoftonline.com/common/discovery/keys"}
        ),
        option<S>(
            "sign_on.issuers[].keys_file", Kind::path, BASCULE_FIELD(keys_file),
            {.help = "File with its public keys (JWKS), in place of keys_url.",
             .example = "/etc/bascule/issuer-keys.json"}
        ),
        option<S>(
            "sign_on.issuers[].ca", Kind::path, BASCULE_FIELD(ca),
            {.help = "PEM file with the authorities of the server behind keys_url; without it the "
                     "system's.",
             .example = "/etc/bascule/tls/issuer-ca.pem"}
        ),
        option<S>(
            "sign_on.issuers[].algorithms", Kind::text_list, BASCULE_FIELD(algorithms),
            {.default_value = "[RS256, PS256, ES256]",
             .help = "Signature algorithms that are taken: RS, PS and ES with 256, 384 or 512."}
        ),
        option<S>(
            "sign_on.issuers[].client_claim", Kind::text, BASCULE_FIELD(client_claim),
            {.default_value = "sub",
             .help = "The claim that says which client it is, such as sub, azp or appid."}
        ),
        option<S>(
            "sign_on.issuers[].user_claim", Kind::text, BASCULE_FIELD(user_claim),
            {.help = "The claim with the userName of the user for whom the client acts at /Me; "
                     "without it tokens act for nobody.",
             .example = "preferred_username"}
        ),
        option<S>(
            "sign_on.issuers[].refresh", Kind::duration, BASCULE_FIELD(refresh),
            {.default_value = "1h",
             .help = "How long fetched keys are used before they are fetched again.",
             .minimum = 1000,
             .maximum = 604'800'000}
        ),
        option<S>(
            "sign_on.issuers[].retry", Kind::duration, BASCULE_FIELD(retry),
            {.default_value = "1m",
             .help = "Keys are fetched at most once in this time, whatever keys tokens name.",
             .minimum = 1000,
             .maximum = 3'600'000}
        ),
    };
}

}  // namespace bascule::config::table
