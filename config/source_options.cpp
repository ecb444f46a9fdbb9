#include "config/option_table.hpp"

namespace bascule::config::table {

std::vector<Option> source_options() {
    using S = SourceSettings;
    const std::string mapping_example =
        "{ displayName: [displayName, cn], nickName: \"{givenName} ({departmentNumber})\" }";
    return {
        option<S>(
            "sources[].name", Kind::name, BASCULE_FIELD(name),
            {.help = "Names the directory in commands, refusals and ids of its objects; never "
                     "change it.",
             .example = "corp",
             .apply = Apply::restart,
             .required = true}
        ),
        option<S>(
            "sources[].servers", Kind::url_list, BASCULE_FIELD(servers),
            {.help = "Servers with the same content, tried in order; one that failed lately is "
                     "tried last.",
             .example = "[ldaps://ldap.example.com]",
             .choices = {"ldap", "ldaps", "ldapi"}}
        ),
        option<S>(
            "sources[].srv", Kind::text, BASCULE_FIELD(srv),
            {.help = "In place of servers: the domain whose SRV records name them.",
             .example = "example.com"}
        ),
        option<S>(
            "sources[].dns", Kind::text_list, BASCULE_FIELD(dns),
            {.help = "DNS servers to ask for srv, and for the names found there, instead of the "
                     "machine's; address or address:port.",
             .example = "[192.0.2.53]"}
        ),
        option<S>(
            "sources[].ca", Kind::path, BASCULE_FIELD(ca),
            {.help = "PEM file with the authorities that may sign the servers' certificates; "
                     "without it the system's.",
             .example = "/etc/bascule/tls/corp-ca.pem"}
        ),
        option<S>(
            "sources[].start_tls", Kind::flag, BASCULE_FIELD(start_tls),
            {.default_value = "false",
             .help = "Turns TLS on after connecting to an ldap:// server."}
        ),
        option<S>(
            "sources[].bind.dn", Kind::dn, BASCULE_FIELD(bind_dn),
            {.help = "The service account; without it, and without bind.sasl, reading is "
                     "anonymous.",
             .example = "cn=bascule,ou=services,dc=example,dc=com"}
        ),
        option<S>(
            "sources[].bind.password", Kind::secret, BASCULE_FIELD(bind_password),
            {.help = "Password of the service account.", .example = "{ credential: corp-ldap }"}
        ),
        choice<S>(
            "sources[].bind.sasl",
            Words<SaslMechanism, 3>{
                {{"none", SaslMechanism::none},
                 {"external", SaslMechanism::external},
                 {"gssapi", SaslMechanism::gssapi}}},
            BASCULE_FIELD(bind_sasl),
            {.default_value = "none",
             .help = "How the service account proves itself in place of dn and password: external "
                     "by the certificate, or as the service's own user over ldapi://; gssapi by "
                     "Kerberos."}
        ),
        option<S>(
            "sources[].bind.certificate", Kind::path, BASCULE_FIELD(bind_certificate),
            {.help = "PEM file with the certificate that is shown to the servers, and its chain; a "
                     "changed file is taken over by itself.",
             .example = "/etc/bascule/tls/corp-client.pem"}
        ),
        option<S>(
            "sources[].bind.key", Kind::path, BASCULE_FIELD(bind_key),
            {.help = "PEM file with the key of the certificate.",
             .example = "/etc/bascule/tls/corp-client.key"}
        ),
        option<S>(
            "sources[].bind.keytab", Kind::path, BASCULE_FIELD(bind_keytab),
            {.help = "Keytab for gssapi; without it the ticket cache of the service's environment.",
             .example = "/etc/bascule/corp.keytab"}
        ),
        option<S>(
            "sources[].bind.principal", Kind::text, BASCULE_FIELD(bind_principal),
            {.help = "Which principal of the keytab; without it the first.",
             .example = "bascule@EXAMPLE.COM"}
        ),
        option<S>(
            "sources[].base", Kind::dn, BASCULE_FIELD(base),
            {.help = "The subtree that is mirrored.",
             .example = "dc=example,dc=com",
             .required = true}
        ),
        option<S>(
            "sources[].bases", Kind::text_list, BASCULE_FIELD(bases),
            {.help = "Subtrees of base to which the mirror is limited; without it all of base.",
             .example = "[\"ou=people,dc=example,dc=com\", \"ou=groups,dc=example,dc=com\"]"}
        ),
        option<S>(
            "sources[].exclude", Kind::text_list, BASCULE_FIELD(exclude),
            {.help = "Subtrees of base that are not mirrored.",
             .example = "[\"ou=former,ou=people,dc=example,dc=com\"]"}
        ),
        choice<S>(
            "sources[].dialect",
            Words<Dialect, 5>{
                {{"auto", Dialect::automatic},
                 {"openldap", Dialect::openldap},
                 {"389ds", Dialect::ds389},
                 {"active_directory", Dialect::active_directory},
                 {"generic", Dialect::generic}}},
            BASCULE_FIELD(dialect),
            {.default_value = "auto",
             .help = "What kind of server it is; auto asks the server. active_directory is for "
                     "Samba, too."}
        ),
        option<S>(
            "sources[].anchor", Kind::text, BASCULE_FIELD(anchor),
            {.help = "Generic servers: the attribute that names an entry for ever, or dn. Without "
                     "it the first that the base entry has of entryUUID, nsUniqueId, "
                     "ibm-entryUuid, GUID and objectGUID.",
             .example = "entryUUID"}
        ),
        option<S>(
            "sources[].poll.interval", Kind::duration, BASCULE_FIELD(poll_interval),
            {.default_value = "15s",
             .help = "Generic servers: how often changed entries are looked for.",
             .minimum = 1000,
             .maximum = 86'400'000}
        ),
        option<S>(
            "sources[].poll.overlap", Kind::duration, BASCULE_FIELD(poll_overlap),
            {.default_value = "5m",
             .help = "Generic servers: how far a look reaches back, by the server's clock; longer "
                     "than changes take between the servers of the directory.",
             .minimum = 300'000,
             .maximum = 86'400'000}
        ),
        option<S>(
            "sources[].poll.audit", Kind::duration, BASCULE_FIELD(poll_audit),
            {.default_value = "1h",
             .help = "Generic servers: how often all entries are listed, which is what finds "
                     "deleted ones.",
             .minimum = 10'000,
             .maximum = 604'800'000}
        ),
        option<S>(
            "sources[].delta.log", Kind::dn, BASCULE_FIELD(change_log),
            {.help =
                 "OpenLDAP with the overlay accesslog: the suffix of its log. Changes of members "
                 "are looked up there, so that a group is not read whole for one.",
             .example = "cn=accesslog"}
        ),
        option<S>(
            "sources[].audit.at", Kind::text, BASCULE_FIELD(audit_at),
            {.default_value = "02:30",
             .help = "Local time at which the mirror is compared with the whole directory every "
                     "day and what differs is mended, or off.",
             .example = "02:30"}
        ),
        option<S>(
            "sources[].audit.every", Kind::duration, BASCULE_FIELD(audit_every),
            {.default_value = "0s",
             .help = "Compares at intervals as well; 0s: only at the time of day.",
             .example = "6h",
             .maximum = 604'800'000}
        ),
        option<S>(
            "sources[].record.path", Kind::path, BASCULE_FIELD(record_path),
            {.help = "File to which everything that the directory sends is recorded, for bascule "
                     "replay. It holds what the mapping reads of every entry and is readable by "
                     "the service only; passwords are never in it. Without it nothing is recorded.",
             .example = "/var/lib/bascule/corp.messages"}
        ),
        option<S>(
            "sources[].record.max_size", Kind::size, BASCULE_FIELD(record_size),
            {.default_value = "1GiB", .help = "Recording ends when the file has this size."}
        ),
        option<S>(
            "sources[].users.filter", Kind::filter, BASCULE_FIELD(users.filter),
            {.help = "Entries that are users; without it the dialect's own.",
             .example = "(objectClass=inetOrgPerson)"}
        ),
        option<S>(
            "sources[].users.base", Kind::dn, BASCULE_FIELD(users_base),
            {.help = "Users stand below this entry only.", .example = "ou=people,dc=example,dc=com"}
        ),
        option<S>(
            "sources[].users.map", Kind::mapping, BASCULE_FIELD(users.rules),
            {.help =
                 "How users' attributes are made; attributes not named keep the dialect's rule.",
             .example = mapping_example}
        ),
        option<S>(
            "sources[].groups.filter", Kind::filter, BASCULE_FIELD(groups.filter),
            {.help = "Entries that are groups; without it the dialect's own.",
             .example = "(|(objectClass=groupOfNames)(objectClass=posixGroup))"}
        ),
        option<S>(
            "sources[].groups.base", Kind::dn, BASCULE_FIELD(groups_base),
            {.help = "Groups stand below this entry only.",
             .example = "ou=groups,dc=example,dc=com"}
        ),
        option<S>(
            "sources[].groups.map", Kind::mapping, BASCULE_FIELD(groups.rules),
            {.help = "How groups' attributes are made.",
             .example = "{ displayName: cn, members: [member, memberUid] }"}
        ),
        option<S>(
            "sources[].join.users", Kind::text_list, BASCULE_FIELD(join_users),
            {.help = "User attributes by which users of this source are found among those of the "
                     "sources before it; the first that finds one decides, and both are one user.",
             .example = "[employeeNumber, userName]"}
        ),
        option<S>(
            "sources[].guard.deletes.percent", Kind::percent, BASCULE_FIELD(guard.deletes_percent),
            {.default_value = "1",
             .help = "Removals of more than this share of the objects, at once or within 24 hours, "
                     "are held for approval."}
        ),
        option<S>(
            "sources[].guard.deletes.at_least", Kind::count, BASCULE_FIELD(guard.deletes_at_least),
            {.default_value = "25",
             .help = "Fewer removals than this are never held.",
             .maximum = 1'000'000'000}
        ),
        option<S>(
            "sources[].guard.emptied.percent", Kind::percent, BASCULE_FIELD(guard.emptied_percent),
            {.default_value = "50",
             .help = "A comparison that would remove more than this share of the objects is held "
                     "for approval, however small the directory is; 100 switches this off."}
        ),
        option<S>(
            "sources[].guard.memberships.percent", Kind::percent,
            BASCULE_FIELD(guard.memberships_percent),
            {.default_value = "50",
             .help =
                 "A group that would lose more than this share of its members, at once or within "
                 "24 hours, is held for approval."}
        ),
        option<S>(
            "sources[].guard.attribute_loss.percent", Kind::percent,
            BASCULE_FIELD(guard.attribute_loss_percent),
            {.default_value = "5",
             .help = "When more than this share of the objects would lose an attribute, at once or "
                     "within 24 hours, that is held for approval."}
        ),
        option<S>(
            "sources[].write_back.password", Kind::flag, BASCULE_FIELD(write_back_password),
            {.default_value = "false",
             .help = "Password resets and changes are written to the directory."}
        ),
        option<S>(
            "sources[].write_back.policy", Kind::dn, BASCULE_FIELD(password_policy),
            {.help = "The default password policy entry (ppolicy_default), so that its rules can "
                     "be told before "
                     "typing. Found by itself when the directory has one policy only.",
             .example = "cn=default,ou=policies,dc=example,dc=com"}
        ),
        option<S>(
            "sources[].write_back.unlock", Kind::flag, BASCULE_FIELD(write_back_unlock),
            {.default_value = "false", .help = "Locked accounts can be unlocked in the directory."}
        ),
        option<S>(
            "sources[].write_back.phone", Kind::text_list, BASCULE_FIELD(write_back_phone),
            {.help = "LDAP attributes of phone numbers that are changed in the directory when "
                     "somebody changes them here; each must be mapped as it is.",
             .example = "[mobile]"}
        ),
        option<S>(
            "sources[].write_back.replace_password", Kind::flag,
            BASCULE_FIELD(write_back_replaces_password),
            {.default_value = "false",
             .help = "Generic servers without the Password Modify operation: userPassword is "
                     "replaced by the new password in clear text, over an encrypted connection; "
                     "only for servers that hash it themselves."}
        ),
        option<S>(
            "sources[].limits.message", Kind::size, BASCULE_FIELD(message_limit),
            {.default_value = "256MiB",
             .help = "The largest answer that is taken from a server; a group of 1,000,000 members "
                     "needs some 60 MiB.",
             .minimum = 65'536,
             .maximum = 1ULL << 30}
        ),
        option<S>(
            "sources[].timeouts.connect", Kind::duration, BASCULE_FIELD(connect_timeout),
            {.default_value = "5s",
             .help = "Time to reach a server, TLS included.",
             .minimum = 100,
             .maximum = 300'000}
        ),
        option<S>(
            "sources[].timeouts.operation", Kind::duration, BASCULE_FIELD(operation_timeout),
            {.default_value = "10s",
             .help = "Time that one answer of a server may take.",
             .minimum = 100,
             .maximum = 3'600'000}
        ),
        option<S>(
            "sources[].timeouts.heartbeat", Kind::duration, BASCULE_FIELD(heartbeat),
            {.default_value = "30s",
             .help = "How often a quiet connection is tried, so that a dead one is noticed.",
             .minimum = 1000,
             .maximum = 3'600'000}
        ),
        option<S>(
            "sources[].timeouts.silence", Kind::duration, BASCULE_FIELD(silence),
            {.default_value = "3s",
             .help = "With several servers: how long one that is there may say nothing until "
                     "another is used. Not for 389 Directory Server.",
             .minimum = 1000,
             .maximum = 3'600'000}
        ),
    };
}

}  // namespace bascule::config::table
