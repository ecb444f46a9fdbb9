#include <sodium.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int copies_per_seed = 500;
constexpr std::size_t longest_with_neighbours = 512;

void run(const std::string& input) {
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

std::vector<std::string> read_seeds(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.is_regular_file()) {
            paths.push_back(entry.path());
        }
    }
    std::sort(paths.begin(), paths.end());
    std::vector<std::string> seeds;
    for (const auto& path : paths) {
        std::ifstream stream(path, std::ios::binary);
        seeds.emplace_back(
            std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()
        );
    }
    return seeds;
}

/// Every prefix and every change of one byte, of seeds short enough that this takes no time.
void run_neighbours(const std::string& seed) {
    if (seed.size() > longest_with_neighbours) {
        return;
    }
    for (std::size_t at = 0; at < seed.size(); ++at) {
        run(seed.substr(0, at));
        for (const char byte : {'"', '[', ']', '\0', '\xff', '1', ' '}) {
            std::string changed = seed;
            changed[at] = byte;
            run(changed);
        }
    }
}

/// Damages texts the same way in every run.
class Mutator {
  public:
    explicit Mutator(const std::vector<std::string>& seeds) : seeds_(seeds) {}

    std::string damage(std::string text) {
        for (std::size_t i = below(4) + 1; i > 0; --i) {
            damage_once(text);
        }
        return text;
    }

  private:
    std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

    void damage_once(std::string& text) {
        static const std::string special = "{}[]()\"'\\:,-#&*!<>|%@\n\t \x80\xff";
        const std::size_t at = below(text.size() + 1);
        const std::size_t length = below(40);
        switch (below(5)) {
            case 0:
                text.insert(at, 1, special[below(special.size())]);
                break;
            case 1:
                text.erase(at, length);
                break;
            case 2:
                text.insert(at, text.substr(below(text.size() + 1), length));
                break;
            case 3: {
                const std::string& other = seeds_[below(seeds_.size())];
                text.insert(at, other.substr(below(other.size() + 1), length));
                break;
            }
            default:
                if (at < text.size()) {
                    text[at] = static_cast<char>(random_() & 0xFF);
                }
        }
    }

    const std::vector<std::string>& seeds_;
    std::mt19937 random_{20261122};
};

/// Inputs that longer runs have found (scripts/fuzz), one in base64 to a line.
std::size_t run_found(const char* path) {
    std::ifstream stream(path);
    std::size_t count = 0;
    for (std::string line; std::getline(stream, line); ++count) {
        std::string input(line.size(), '\0');
        std::size_t size = 0;
        auto* const bytes = reinterpret_cast<unsigned char*>(input.data());
        if (sodium_base642bin(
                bytes, input.size(), line.data(), line.size(), nullptr, &size, nullptr,
                sodium_base64_VARIANT_ORIGINAL
            ) != 0) {
            return 0;
        }
        input.resize(size);
        run(input);
    }
    return count;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) {
        std::fputs("usage: PROGRAM FOLDER_WITH_SEEDS FILE_OF_FOUND_INPUTS\n", stderr);
        return 2;
    }
    const std::size_t found = run_found(arguments[2]);
    const auto seeds = read_seeds(arguments[1]);
    Mutator mutator(seeds);
    for (const std::string& seed : seeds) {
        run(seed);
        run_neighbours(seed);
        for (int i = 0; i < copies_per_seed; ++i) {
            run(mutator.damage(seed));
        }
    }
    std::printf(
        "%zu inputs found before; %zu seeds, their neighbours and %d damaged copies of each\n",
        found, seeds.size(), copies_per_seed
    );
    return seeds.empty() || found == 0 ? 1 : 0;
}
