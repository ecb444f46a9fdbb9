#include "store/sql/filter_compiler.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "store/sql/condition.hpp"
#include "store/sql/leaf_conditions.hpp"

namespace bascule::store {

using directory::Filter;
using Truth = Condition::Truth;

namespace {

class Compiler {
  public:
    Compiler(const PlanContext& context, directory::TypeId type)
        : context_(context), leaves_(context, type) {}

    Condition compile(const Filter& filter) {
        switch (filter.kind) {
            case Filter::Kind::always:
                return Condition::always();
            case Filter::Kind::never:
                return Condition::never();
            case Filter::Kind::all_of:
                return all_of(filter.children);
            case Filter::Kind::any_of:
                return any_of(filter.children);
            case Filter::Kind::negation:
                return filter.children.empty() ? Condition::never()
                                               : negation(filter.children.front());
            case Filter::Kind::value_path:
                return filter.children.empty() ? Condition::never()
                                               : value_path(filter.path, filter.children.front());
            default:
                return leaves_.compile(filter);
        }
    }

  private:
    Condition all_of(const std::vector<Filter>& children) {
        std::vector<Condition> parts;
        bool exact = true;
        for (const auto& child : children) {
            auto part = compile(child);
            if (part.truth == Truth::never) {
                return Condition::never();
            }
            exact = exact && part.probe_exact;
            if (part.truth == Truth::varies) {
                parts.push_back(std::move(part));
            }
        }
        return conjunction(std::move(parts), exact);
    }

    Condition conjunction(std::vector<Condition> parts, bool exact) {
        if (parts.empty()) {
            return exact ? Condition::always() : Condition::document("check documents");
        }
        Condition result;
        result.source_exact = result.probe_exact = exact;
        for (const auto& part : parts) {
            result.probe.add(result.probe.empty() ? "(" : " AND ").add(part.probe);
            result.costly_probe = result.costly_probe || part.costly_probe;
        }
        result.probe.add(")");
        if (const auto driver = choose_driver(parts); driver != parts.end()) {
            drive(result, parts, driver);
        } else {
            result.label = "all of " + labels(parts, parts.end());
        }
        return result;
    }

    using Parts = std::vector<Condition>;

    Parts::iterator choose_driver(Parts& parts) {
        const auto drivers = std::count_if(parts.begin(), parts.end(), [](const auto& part) {
            return part.drives();
        });
        if (drivers > 1) {
            estimate_all(parts, estimate_limit);
            if (std::all_of(parts.begin(), parts.end(), [](const auto& part) {
                    return !part.drives() || part.reads_all || *part.rows >= estimate_limit;
                })) {
                estimate_all(parts, far_estimate_limit);
            }
        }
        auto best = parts.end();
        for (auto part = parts.begin(); part != parts.end(); ++part) {
            if (part->drives() && (best == parts.end() || rank(*part) < rank(*best))) {
                best = part;
            }
        }
        return best;
    }

    /// The fewer the better. Reading all values of an attribute is worth it only where everything
    /// else has very many rows.
    static std::uint64_t rank(const Condition& part) {
        return part.reads_all ? far_estimate_limit - 1 : part.rows.value_or(0);
    }

    void estimate_all(Parts& parts, std::uint64_t limit) {
        for (auto& part : parts) {
            if (part.drives()) {
                estimate(part, limit);
            }
        }
    }

    void estimate(Condition& part, std::uint64_t limit) {
        if (part.reads_all) {
            return;
        }
        if (!part.rows || (*part.rows >= estimate_limit && *part.rows < limit)) {
            part.rows = context_.estimate(part.sample.empty() ? part.source : part.sample, limit);
        }
    }

    void drive(Condition& result, Parts& parts, Parts::iterator driver) {
        const bool probes_cost = std::any_of(parts.begin(), parts.end(), [&](const auto& part) {
            return &part != &*driver && part.costly_probe;
        });
        if (probes_cost) {
            estimate(*driver, estimate_limit);
        }
        const bool few = driver->rows.value_or(estimate_limit) < estimate_limit;
        result.source_exact = result.source_exact && driver->source_exact;
        result.source.add("SELECT x.oid AS oid FROM (").add(driver->source).add(") x");
        bool first = true;
        for (auto& part : parts) {
            if (&part == &*driver) {
                continue;
            }
            if (few && part.costly_probe) {
                result.source_exact = false;  // cheaper to read the few documents
                continue;
            }
            result.source.add(first ? " WHERE " : " AND ").add(bound_probe(part.probe, "x.oid"));
            first = false;
        }
        result.sample = driver->sample.empty() ? driver->source : driver->sample;
        result.rows = driver->rows;
        result.reads_all = driver->reads_all;
        result.label =
            driver->label + (driver->rows ? fmt::format(
                                                " ({}{} rows)", *driver->rows,
                                                *driver->rows >= estimate_limit ? "+" : ""
                                            )
                                          : "");
        if (parts.size() > 1) {
            result.label += ", then test " + labels(parts, driver);
        }
    }

    static std::string labels(const Parts& parts, Parts::const_iterator except) {
        std::string text;
        for (auto part = parts.begin(); part != parts.end(); ++part) {
            if (part != except) {
                text += (text.empty() ? "" : " and ") + part->label;
            }
        }
        return text;
    }

    Condition any_of(const std::vector<Filter>& children) {
        Condition result;
        bool everything = false;
        bool drives = true;
        std::uint64_t rows = 0;
        bool rows_known = true;
        for (const auto& child : children) {
            auto part = compile(child);
            if (part.truth == Truth::never) {
                continue;
            }
            result.source_exact = result.source_exact && part.source_exact;
            result.probe_exact = result.probe_exact && part.probe_exact;
            if (part.truth == Truth::always) {
                if (part.probe_exact) {
                    return Condition::always();
                }
                everything = true;
                continue;
            }
            drives = drives && part.drives();
            rows_known = rows_known && part.rows.has_value();
            rows += part.rows.value_or(0);
            result.costly_probe = result.costly_probe || part.costly_probe;
            result.reads_all = result.reads_all || part.reads_all;
            result.source.add(result.source.empty() ? "" : " UNION ")
                .add("SELECT oid FROM (")
                .add(part.source)
                .add(")");
            result.sample.add(result.sample.empty() ? "" : " UNION ALL ")
                .add("SELECT oid FROM (")
                .add(part.sample.empty() ? part.source : part.sample)
                .add(")");
            result.probe.add(result.probe.empty() ? "(" : " OR ").add(part.probe);
            result.label += (result.label.empty() ? "" : " or ") + part.label;
        }
        if (everything) {
            return Condition::document("check documents");
        }
        if (result.probe.empty()) {
            return Condition::never();
        }
        result.probe.add(")");
        result.label = "(" + result.label + ")";
        if (!drives) {
            result.source = result.sample = {};
            result.source_exact = result.probe_exact;
        } else if (rows_known) {
            result.rows = std::min(rows, estimate_limit);
        }
        return result;
    }

    Condition negation(const Filter& child) {
        auto inner = compile(child);
        if (!inner.probe_exact) {
            return Condition::document("check documents");
        }
        if (inner.truth != Truth::varies) {
            return inner.truth == Truth::always ? Condition::never() : Condition::always();
        }
        Condition result;
        result.probe.add("NOT ").add(inner.probe);
        result.costly_probe = inner.costly_probe;
        result.label = "not " + inner.label;
        return result;
    }

    /// Which objects can have a matching element: each comparison may be met by any element, so the
    /// document decides in the end.
    Condition value_path(const directory::AttributePath& path, const Filter& element) {
        auto condition = compile(widened(path, element));
        if (condition.truth == Truth::always) {
            return Condition::document("check documents");
        }
        condition.source_exact = condition.probe_exact = false;
        return condition;
    }

    Filter widened(const directory::AttributePath& path, const Filter& element) {
        Filter result;
        if (element.kind == Filter::Kind::all_of || element.kind == Filter::Kind::any_of) {
            result.kind = element.kind;
            for (const auto& child : element.children) {
                result.children.push_back(widened(path, child));
            }
        } else if (element.kind == Filter::Kind::comparison && element.op != directory::Operator::ne &&
                   !std::holds_alternative<std::monostate>(element.value)) {
            const directory::AttributePath whole{path.extension, path.name, element.spec.path.sub};
            if (const auto attribute = leaves_.searchable(whole)) {
                result = element;
                result.attribute = attribute;
                result.spec = context_.registry.spec(*attribute);
            }
        }
        return result;
    }

    const PlanContext& context_;
    LeafConditions leaves_;
};

}  // namespace

Sql bound_probe(const Sql& probe, std::string_view oid_expression) {
    Sql bound{{}, probe.values};
    for (const char letter : probe.text) {
        if (letter == oid_placeholder) {
            bound.text += oid_expression;
        } else {
            bound.text += letter;
        }
    }
    return bound;
}

FilterPlan compile_filter_plan(
    const PlanContext& context, directory::TypeId type, const Filter& filter
) {
    auto condition = Compiler(context, type).compile(filter);
    FilterPlan plan;
    plan.exact = condition.drives() ? condition.source_exact : condition.probe_exact;
    if (condition.truth == Truth::never) {
        plan.reach = FilterPlan::Reach::nothing;
        plan.steps = {"nothing can match"};
        return plan;
    }
    if (condition.probe_exact) {
        plan.probe = condition.probe;
    }
    if (condition.drives()) {
        plan.total = condition.total;
        plan.source = std::move(condition.source);
        plan.steps.push_back("drive: " + condition.label);
    } else {
        plan.source.add("SELECT o.oid AS oid FROM object o WHERE o.type=")
            .value(context.type_number(type));
        plan.source.add(" AND o.deleted IS NULL");
        if (condition.truth == Truth::varies) {
            plan.source.add(" AND ").add(bound_probe(condition.probe, "o.oid"));
            plan.steps.push_back("drive: every object of the type, then test " + condition.label);
            plan.uses_index = false;
        } else {
            plan.uses_index = plan.exact;
            plan.reach = plan.exact ? FilterPlan::Reach::everything : FilterPlan::Reach::some;
            plan.steps.emplace_back("drive: every object of the type");
        }
    }
    if (!plan.exact) {
        plan.steps.emplace_back("residual: check each document");
    }
    return plan;
}

}  // namespace bascule::store
