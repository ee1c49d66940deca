// Replays a corpus through a fuzzer: the main() of each fuzzer as an ordinary test. The arguments
// are files, taken as they are, but for *.hex: those are text, two hex digits a byte, with spaces,
// line ends and comments from '#' to the line's end.
//
// To fuzz, tests/fuzz/fuzz links the fuzzer with clang's own main instead.
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

// False where the text is not hex.
bool DecodeHex(const std::string& text, std::vector<uint8_t>& bytes) {
  std::string digits;
  bool comment = false;
  for (const char c : text) {
    if (c == '#') comment = true;
    if (c == '\n') comment = false;
    if (comment || std::isspace(static_cast<unsigned char>(c)) != 0) continue;
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return false;
    digits += c;
  }
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  }
  return digits.size() % 2 == 0;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string path = argv[i];
    std::ifstream stream(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    std::vector<uint8_t> bytes(text.begin(), text.end());
    if (path.ends_with(".hex")) {
      bytes.clear();
      if (!DecodeHex(text, bytes)) {
        std::fprintf(stderr, "%s: not pairs of hex digits\n", path.c_str());
        return 1;
      }
    }
    if (bytes.empty()) {
      std::fprintf(stderr, "%s: empty or unreadable\n", path.c_str());
      return 1;
    }
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  std::printf("replayed %d inputs\n", argc - 1);
  return argc > 1 ? 0 : 1;
}
