#include "purebpf/elf/btf_search.h"

#include <algorithm>
#include <bit>
#include <tuple>

#include "purebpf/elf/btf_layout.h"

namespace purebpf::elf {
namespace {

constexpr std::string_view kSeparator = "___";

constexpr size_t kHead = 4;
constexpr std::byte kNothing[kHead] = {};

uint64_t Hash(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

// The high bit of each byte of `word` that is 0, and no other bit.
uint64_t ZeroBytes(uint64_t word) {
  constexpr uint64_t kLow = 0x7f7f7f7f7f7f7f7f;
  return ~(((word & kLow) + kLow) | word | kLow);
}

// A number for the first eight bytes at `text` that a name and its flavours have in common: cut at
// the NUL or the first "___", of which what follows the eight bytes may be a part. (A name that has
// a flavour does not end in '_', so that the cut falls at its end or, for both, earlier.)
uint64_t Key(const std::byte* text) {
  uint64_t word;
  std::memcpy(&word, text, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = std::byteswap(word);
  const uint64_t bars = ZeroBytes(word ^ 0x5f5f5f5f5f5f5f5f);
  const uint64_t next = bars >> 8 | uint64_t{0x80} << 56;
  const uint64_t after = bars >> 16 | uint64_t{0x8080} << 48;
  const uint64_t ends = ZeroBytes(word) | (bars & next & after);
  return ends == 0 ? word : word & (((ends & -ends) >> 7) - 1);
}

uint32_t KeyHash(uint64_t key) {
  return static_cast<uint32_t>(key * 0x9e3779b97f4a7c15 >> (64 - 13));
}

uint64_t KeyOf(std::string_view name) {
  std::array<std::byte, sizeof(uint64_t)> text{};
  std::memcpy(text.data(), name.data(), std::min(name.size(), text.size()));
  return Key(text.data());
}

}  // namespace

std::string_view EssentialName(std::string_view name) {
  if (name.size() < kSeparator.size() + 2) return name;
  for (size_t at = name.size() - kSeparator.size() - 1; at > 0; --at) {
    if (name[at - 1] != '_' && name.substr(at, kSeparator.size()) == kSeparator &&
        name[at + kSeparator.size()] != '_') {
      return name.substr(0, at);
    }
  }
  return name;
}

uint32_t BtfSearch::Want(std::string_view name, KindSet kinds) {
  return Add(EssentialName(name), kinds, false);
}

uint32_t BtfSearch::WantExact(std::string_view name, KindSet kinds) {
  return Add(name, kinds, true);
}

uint32_t BtfSearch::Add(std::string_view name, KindSet kinds, bool exact) {
  const auto number = static_cast<uint32_t>(wanted_.size());
  wanted_.push_back(
      {.name = name, .hash = Hash(name), .kinds = kinds, .exact = exact, .list = number});
  return number;
}

// Lets pass every name that begins with these bytes up to its NUL or flavour.
void BtfSearch::FilterFor(std::string_view name) {
  keys_.Set(KeyHash(KeyOf(name)));
  const auto set = [this](std::string_view text) {
    uint32_t head;
    std::memcpy(&head, text.data(), sizeof head);
    heads_.Set(HeadHash(head));
  };
  std::array<char, kHead> text{};
  std::memcpy(text.data(), name.data(), std::min(name.size(), kHead));
  const std::string_view view(text.data(), kHead);
  if (name.size() + 1 >= kHead) set(view);  // the rest, if any, is a NUL
  if (name.size() >= kHead) return;
  if (name.size() == 1) return heads_.SetAll();  // two bytes behind the NUL: anything
  if (name.size() == 2) {
    for (int c = 0; c < 256; ++c) {
      text[3] = static_cast<char>(c);
      set(view);
    }
  }
  std::memcpy(text.data() + name.size(), kSeparator.data(), kHead - name.size());
  set(view);
}

void BtfSearch::Prepare(const Btf& btf) {
  sorted_ = wanted_;
  const auto order = [](const Wanted& a, const Wanted& b) {
    return std::tie(a.hash, a.name, a.exact) < std::tie(b.hash, b.name, b.exact);
  };
  std::ranges::sort(sorted_, order);
  lists_.assign(wanted_.size(), 0);
  heads_ = keys_ = {};
  kinds_ = 0;
  size_t distinct = 0;
  for (Wanted& wanted : sorted_) {
    const uint32_t number = wanted.list;
    if (distinct != 0 && !order(sorted_[distinct - 1], wanted)) {
      sorted_[distinct - 1].kinds |= wanted.kinds;
    } else {
      sorted_[distinct] = wanted;
      sorted_[distinct].list = static_cast<uint32_t>(distinct);
      ++distinct;
    }
    lists_[number] = static_cast<uint32_t>(distinct - 1);
    if (wanted.name.empty()) continue;
    kinds_ |= wanted.kinds.bits();
    FilterFor(wanted.name);
  }
  sorted_.resize(distinct);
  found_.assign(distinct, {});

  first_string_ = btf.first_string();
  const size_t size = btf.strings().size();
  text_ = size < kHead ? kNothing : btf.strings().data();
  room_ = size < kHead ? 0 : static_cast<uint32_t>(size - kHead + 1);
}

void BtfSearch::Check(const Btf& btf, uint32_t id, uint32_t name, BtfKind kind) {
  if (static_cast<size_t>(kind) >= kKindCount) return;
  const uint32_t offset = name - first_string_;
  if (const auto key = Slice(btf.strings(), offset, sizeof(uint64_t));
      key && !keys_.Has(KeyHash(Key(key->data())))) {
    return;
  }
  const std::string_view text = btf.Name(name);
  if (text.empty() || text.size() > kMaxName) return;
  const std::string_view essential = EssentialName(text);
  Match(text, TypeId{id}, kind, true, essential.size() == text.size());
  if (essential.size() != text.size()) Match(essential, TypeId{id}, kind, false, true);
}

// Where the name is wanted exactly, and where without flavour: the two are neighbours.
void BtfSearch::Match(std::string_view name, TypeId id, BtfKind kind, bool exact, bool essential) {
  const uint64_t hash = Hash(name);
  for (auto place = std::ranges::lower_bound(
           sorted_, std::tie(hash, name), {},
           [](const Wanted& wanted) { return std::tie(wanted.hash, wanted.name); });
       place != sorted_.end() && place->hash == hash && place->name == name; ++place) {
    if ((place->exact ? exact : essential) && place->kinds.Has(kind)) {
      found_[place->list].push_back(id);
    }
  }
}

void BtfSearch::Run(const Btf& btf) {
  Prepare(btf);
  size_t offset = 0;
  for (uint32_t id = btf.first_id(); id < btf.type_count(); ++id) {
    const Bytes record = btf.types_.subspan(offset);
    See(btf, id, btf.WordOf(record, 0), btf.WordOf(record, 1));
    offset += btf.ExtentAt(offset);
  }
}

std::span<const TypeId> BtfSearch::Found(uint32_t want) const {
  if (want >= lists_.size()) return {};
  return found_[lists_[want]];
}

}  // namespace purebpf::elf
