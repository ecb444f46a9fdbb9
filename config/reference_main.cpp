#include <cstdio>
#include <string_view>

#include "config/documents.hpp"

/// Prints the generated papers: the reference page, or with `schema` the JSON Schema.
int main(int count, char** arguments) {
    const bool schema = count > 1 && std::string_view(arguments[1]) == "schema";
    const std::string text =
        schema ? bascule::config::json_schema() : bascule::config::reference_markdown();
    return std::fputs(text.c_str(), stdout) < 0 ? 1 : 0;
}
