#include <array>
#include <utility>

#include "directory/base/text.hpp"
#include "scim/filter/literal.hpp"
#include "scim/filter/syntax.hpp"

namespace bascule::scim {
namespace {

using directory::Operator;

struct OperatorWord {
    std::string_view word;
    Operator op;
};
constexpr std::array operators = {
    OperatorWord{"eq", Operator::eq}, OperatorWord{"ne", Operator::ne},
    OperatorWord{"co", Operator::co}, OperatorWord{"sw", Operator::sw},
    OperatorWord{"ew", Operator::ew}, OperatorWord{"gt", Operator::gt},
    OperatorWord{"ge", Operator::ge}, OperatorWord{"lt", Operator::lt},
    OperatorWord{"le", Operator::le}, OperatorWord{"pr", Operator::pr}};

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("$-_.:/").find(c) != std::string_view::npos;
}

/// Recursive descent over the text; depth and nodes are counted, so hostile input cannot exhaust
/// the stack.
class Parser {
  public:
    Parser(std::string_view text, const FilterLimits& limits, const char* code)
        : text_(text), limits_(limits), code_(code) {}

    Result<Syntax> filter() {
        BASCULE_CHECK(check_text());
        BASCULE_TRY(Syntax syntax, any_of());
        skip_spaces();
        if (at_ != text_.size()) {
            return expected("and, or, or the end");
        }
        return syntax;
    }

    Result<PathSyntax> path() {
        BASCULE_CHECK(check_text());
        skip_spaces();
        PathSyntax path;
        path.attribute = word();
        if (path.attribute.empty()) {
            return expected("an attribute name");
        }
        if (peek() == '[') {
            code_ = "invalid_filter";
            BASCULE_TRY(path.element_filter, element_filter());
            code_ = "invalid_path";
            if (peek() == '.') {
                ++at_;
                path.sub = word();
                if (path.sub.empty()) {
                    return expected("a sub-attribute name after the dot");
                }
            }
        }
        skip_spaces();
        if (at_ != text_.size()) {
            return expected("the end of the path");
        }
        return path;
    }

  private:
    Status check_text() {
        if (text_.size() > limits_.text) {
            return fail(
                ErrorKind::invalid_input, code_,
                "The text is longer than " + std::to_string(limits_.text) + " bytes."
            );
        }
        if (!is_valid_utf8(text_)) {
            return fail(ErrorKind::invalid_input, code_, "The text is not valid UTF-8.");
        }
        return {};
    }

    Result<Syntax> any_of() { return chain("or", Syntax::Kind::any_of, &Parser::all_of); }
    Result<Syntax> all_of() { return chain("and", Syntax::Kind::all_of, &Parser::term); }

    /// One or more parts joined by a word; a single part stands for itself.
    Result<Syntax> chain(
        std::string_view joint, Syntax::Kind kind, Result<Syntax> (Parser::*part)()
    ) {
        BASCULE_TRY(Syntax first, (this->*part)());
        if (!take_keyword(joint)) {
            return first;
        }
        Syntax whole;
        whole.kind = kind;
        whole.children.push_back(std::move(first));
        do {
            BASCULE_TRY(Syntax next, (this->*part)());
            whole.children.push_back(std::move(next));
        } while (take_keyword(joint));
        return whole;
    }

    Result<Syntax> term() {
        if (++nodes_ > limits_.nodes) {
            return error_at(
                code_, at_ + 1,
                "the filter has more than " + std::to_string(limits_.nodes) + " terms."
            );
        }
        skip_spaces();
        if (peek() == '(') {
            return group('(', ')', &Parser::any_of);
        }
        const std::size_t start = at_;
        const std::string name = word();
        if (name.empty()) {
            return expected("an attribute name, not or an opening parenthesis");
        }
        if (equals_ignoring_ascii_case(name, "not")) {
            return negation();
        }
        if (peek() == '[') {
            return value_path(name, start);
        }
        return comparison(name, start);
    }

    Result<Syntax> negation() {
        skip_spaces();
        if (peek() != '(') {
            return expected("an opening parenthesis after not");
        }
        BASCULE_TRY(Syntax inner, group('(', ')', &Parser::any_of));
        Syntax syntax;
        syntax.kind = Syntax::Kind::negation;
        syntax.children.push_back(std::move(inner));
        return syntax;
    }

    Result<Syntax> group(char open, char close, Result<Syntax> (Parser::*inner)()) {
        if (++depth_ > limits_.depth) {
            return error_at(
                code_, at_ + 1,
                "the filter is nested deeper than " + std::to_string(limits_.depth) + " levels."
            );
        }
        ++at_;
        BASCULE_TRY(Syntax syntax, (this->*inner)());
        skip_spaces();
        if (peek() != close) {
            return expected(
                open == '(' ? "and, or, or a closing parenthesis" : "and, or, or a closing bracket"
            );
        }
        ++at_;
        --depth_;
        return syntax;
    }

    Result<Syntax> element_filter() {
        if (in_brackets_) {
            return error_at(code_, at_ + 1, "brackets cannot be used inside brackets.");
        }
        in_brackets_ = true;
        auto inner = group('[', ']', &Parser::any_of);
        in_brackets_ = false;
        return inner;
    }

    // emails[type eq "work"] and, outside the grammar but sent by clients, emails[type eq
    // "work"].value eq "x".
    Result<Syntax> value_path(const std::string& name, std::size_t start) {
        Syntax syntax;
        syntax.kind = Syntax::Kind::value_path;
        syntax.attribute = name;
        syntax.position = start + 1;
        BASCULE_TRY(Syntax inner, element_filter());
        syntax.children.push_back(std::move(inner));
        if (peek() == '.') {
            const std::size_t sub_start = ++at_;
            const std::string sub = word();
            if (sub.empty()) {
                return expected("a sub-attribute name after the dot");
            }
            BASCULE_TRY(Syntax outer, comparison(sub, sub_start));
            syntax.children.push_back(std::move(outer));
        }
        return syntax;
    }

    Result<Syntax> comparison(const std::string& name, std::size_t start) {
        Syntax syntax;
        syntax.attribute = name;
        syntax.position = start + 1;
        skip_spaces();
        const std::size_t operator_start = at_;
        const std::string given = letters();
        const OperatorWord* found = nullptr;
        for (const OperatorWord& candidate : operators) {
            if (equals_ignoring_ascii_case(given, candidate.word)) {
                found = &candidate;
            }
        }
        if (found == nullptr) {
            const std::string what = given.empty()
                                         ? "expected an operator"
                                         : "unknown operator \"" + printable(given) + "\"";
            return error_at(
                code_, operator_start + 1,
                what + " after " + printable(name) +
                    "; there are eq, ne, co, sw, ew, gt, ge, lt, le and pr."
            );
        }
        syntax.op = found->op;
        if (found->op == Operator::pr) {
            return syntax;
        }
        skip_spaces();
        if (at_ >= text_.size()) {
            return expected("a value after " + std::string(found->word));
        }
        syntax.literal_position = at_ + 1;
        BASCULE_TRY(syntax.literal, read_literal(text_, at_));
        if (is_name_character(peek()) || peek() == '"') {
            return expected("a space after the value");
        }
        return syntax;
    }

    [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    void skip_spaces() {
        while (peek() == ' ' || peek() == '\t') {
            ++at_;
        }
    }

    std::string word() {
        const std::size_t start = at_;
        while (is_name_character(peek())) {
            ++at_;
        }
        return std::string(text_.substr(start, at_ - start));
    }

    std::string letters() {
        const std::size_t start = at_;
        while ((peek() >= 'a' && peek() <= 'z') || (peek() >= 'A' && peek() <= 'Z')) {
            ++at_;
        }
        return std::string(text_.substr(start, at_ - start));
    }

    /// Consumes the word when it comes next.
    bool take_keyword(std::string_view keyword) {
        const std::size_t start = at_;
        skip_spaces();
        if (equals_ignoring_ascii_case(word(), keyword)) {
            return true;
        }
        at_ = start;
        return false;
    }

    [[nodiscard]] tl::unexpected<Error> expected(const std::string& what) const {
        return error_at(code_, at_ + 1, "expected " + what + ".");
    }

    std::string_view text_;
    const FilterLimits& limits_;
    const char* code_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    std::size_t nodes_ = 0;
    bool in_brackets_ = false;
};

}  // namespace

tl::unexpected<Error> error_at(const char* code, std::size_t position, std::string reason) {
    return fail(
        ErrorKind::invalid_input, code,
        "position " + std::to_string(position) + ": " + std::move(reason)
    );
}

Result<Syntax> parse_filter(std::string_view text, const FilterLimits& limits) {
    return Parser(text, limits, "invalid_filter").filter();
}

Result<PathSyntax> parse_path(std::string_view text, const FilterLimits& limits) {
    return Parser(text, limits, "invalid_path").path();
}

}  // namespace bascule::scim
