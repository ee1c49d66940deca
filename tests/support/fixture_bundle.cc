#include "purebpf/tests/support/fixture_bundle.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

namespace purebpf::testing {
namespace {

// How every fixture begins.
constexpr std::string_view kFirstWords = "purebpf fixture ";
constexpr std::string_view kAbout = "\nabout ";

std::string_view AboutOf(std::string_view fixture) {
  const size_t begin = fixture.find(kAbout);
  if (begin == std::string_view::npos) return {};
  const std::string_view line = fixture.substr(begin + kAbout.size());
  return line.substr(0, line.find('\n'));
}

}  // namespace

FixtureBundle FixtureBundle::Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return Parse(text);
}

FixtureBundle FixtureBundle::Parse(std::string_view text) {
  FixtureBundle bundle;
  while (!text.empty()) {
    // Only at the start of a line: the words may stand in a recorded text.
    size_t end = text.find("\n" + std::string(kFirstWords));
    end = end == std::string_view::npos ? text.size() : end + 1;
    const std::string_view fixture = text.substr(0, end);
    bundle.entries_.push_back(
        {.about = std::string(AboutOf(fixture)), .fixture = std::string(fixture)});
    text.remove_prefix(end);
  }
  return bundle;
}

const std::string* FixtureBundle::Find(std::string_view about) const {
  const auto found = std::ranges::find(entries_, about, &Entry::about);
  return found == entries_.end() ? nullptr : &found->fixture;
}

void FixtureBundle::Put(std::string_view about, std::string fixture) {
  const auto found = std::ranges::find(entries_, about, &Entry::about);
  if (found != entries_.end())
    found->fixture = std::move(fixture);
  else
    entries_.push_back({.about = std::string(about), .fixture = std::move(fixture)});
}

std::string FixtureBundle::Text() const {
  std::string text;
  for (const Entry& entry : entries_) text += entry.fixture;
  return text;
}

bool FixtureBundle::Write(const std::string& path) const {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << Text();
  return file.flush().good();
}

}  // namespace purebpf::testing
