#include "rewrite.h"

#include <regex>
#include <vector>

namespace crescent {

namespace {

// The end of what begins with the bracket at `open`.
size_t closing(const std::string& text, size_t open) {
    int depth = 0;
    for (size_t i = open; i < text.size(); i++) {
        if (text[i] == '(') depth++;
        if (text[i] == ')' && --depth == 0) return i;
    }
    return std::string::npos;
}

struct Kernel {
    std::string name, threads;
};

// `extern "C" __global__ [__launch_bounds__(N, …)] void [__launch_bounds__(N, …)] name(…)` with a body.
std::vector<Kernel> kernels(const std::string& text) {
    std::vector<Kernel> found;
    const std::string word = "__global__";
    for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
        size_t i = at + word.size();
        std::string threads = "1024", last;
        for (;;) {
            while (i < text.size() && isspace(static_cast<unsigned char>(text[i]))) i++;
            size_t start = i;
            while (i < text.size() && (isalnum(static_cast<unsigned char>(text[i])) || text[i] == '_')) i++;
            std::string token = text.substr(start, i - start);
            while (i < text.size() && isspace(static_cast<unsigned char>(text[i]))) i++;
            if (token == "__launch_bounds__") {
                size_t end = closing(text, i);
                if (end == std::string::npos) return found;
                std::string arguments = text.substr(i + 1, end - i - 1);
                threads = arguments.substr(0, arguments.find(','));
                i = end + 1;
                continue;
            }
            if (i < text.size() && text[i] == '(') last = token;
            if (token.empty() || !last.empty()) break;
        }
        if (last.empty()) continue;
        size_t end = closing(text, i);
        size_t body = end == std::string::npos ? end : text.find_first_not_of(" \t\r\n", end + 1);
        if (body == std::string::npos || text[body] != '{') continue;
        // A template has no entry of its own.
        size_t before = text.find_last_of(";}", at);
        std::string head = text.substr(before == std::string::npos ? 0 : before, at - (before == std::string::npos ? 0 : before));
        if (head.find("template") != std::string::npos) continue;
        found.push_back({last, threads});
    }
    return found;
}

}  // namespace

std::string rewrite(const std::string& source) {
    static const std::regex dynamic(
        R"(extern\s+__shared__\s+((?:__align__\s*\([^)]*\)|alignas\s*\([^)]*\))\s*)?([\w:\s]+?[\s*&]+)?(\w+)\s*\[\s*\]\s*;)");
    std::string text;
    auto rest = source.cbegin();
    for (std::smatch match; std::regex_search(rest, source.cend(), match, dynamic); rest = match.suffix().first) {
        text.append(rest, match[0].first);
        text += "\n#undef " + match[3].str() + "\n#define " + match[3].str() + " (reinterpret_cast<" + match[2].str() + "*>(crescent_thread->shared))\n";
    }
    text.append(rest, source.cend());
    std::string entries;
    for (const Kernel& kernel : kernels(text)) entries += "CRESCENT_KERNEL(" + kernel.name + ", " + kernel.threads + ")\n";
    return text + "\n" + entries;
}

}  // namespace crescent
