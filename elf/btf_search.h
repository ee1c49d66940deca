// Finds the types of many names in one pass over a BTF: what a program with CO-RE relocations wants
// of the kernel's 126,000 types.
//
//     BtfSearch search;
//     const uint32_t task = search.Want("task_struct___old", {BtfKind::kStruct, BtfKind::kUnion});
//     const uint32_t hook = search.WantExact("bpf_lsm_file_open", {BtfKind::kFunc});
//     const auto kernel = Btf::Index(bytes, &search);
//     for (const TypeId id : search.Found(task)) ...
//
// The pass looks at the first four bytes of each name only; what it cannot rule out by them (about
// one in twenty) is compared. The work is linear in the types and logarithmic in the names.
// Names are borrowed until the last search.
#ifndef PUREBPF_ELF_BTF_SEARCH_H_
#define PUREBPF_ELF_BTF_SEARCH_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_types.h"

namespace purebpf::elf {

// A name without its flavour: programs tell versions of a type apart by a suffix that the kernel's
// type does not have, so that "task_struct___old" means "task_struct". The suffix begins at the
// last "___" that has a character other than '_' before and after it.
[[nodiscard]] std::string_view EssentialName(std::string_view name);

class BtfSearch {
 public:
  // A type's name longer than this is not found.
  static constexpr size_t kMaxName = 1023;

  // Every type of these kinds whose name, without its flavour, is `name` without its own. Gives the
  // number to ask Found with. A name that is wanted twice has one list, with the kinds of both.
  uint32_t Want(std::string_view name, KindSet kinds);
  // Every type of these kinds that has this name, flavour and all.
  uint32_t WantExact(std::string_view name, KindSet kinds);

  // Searches a Btf without its base, and forgets what the last search found.
  void Run(const Btf& btf);

  // By id.
  [[nodiscard]] std::span<const TypeId> Found(uint32_t want) const;

 private:
  friend class Btf;

  // A set of hashes, which may claim to have more than it has.
  class Filter {
   public:
    static constexpr int kBits = 13;  // 1 KiB
    void Set(uint32_t hash) { words_[hash / 64] |= uint64_t{1} << (hash % 64); }
    void SetAll() { words_.fill(~uint64_t{0}); }
    [[nodiscard]] bool Has(uint32_t hash) const {
      return (words_[hash / 64] >> (hash % 64) & 1) != 0;
    }

   private:
    std::array<uint64_t, (size_t{1} << kBits) / 64> words_{};
  };

  struct Wanted {
    std::string_view name;  // essential, but for an exact one
    uint64_t hash = 0;
    KindSet kinds{};
    bool exact = false;
    uint32_t list = 0;  // of lists_
  };

  uint32_t Add(std::string_view name, KindSet kinds, bool exact);
  void Prepare(const Btf& btf);  // before a pass over `btf`
  void FilterFor(std::string_view name);
  // One type, by its first two words.
  void See(const Btf& btf, uint32_t id, uint32_t name, uint32_t info);
  // One that the first filter lets pass.
  void Check(const Btf& btf, uint32_t id, uint32_t name, BtfKind kind);
  void Match(std::string_view name, TypeId id, BtfKind kind, bool exact, bool essential);

  static uint32_t HeadHash(uint32_t head) { return head * 0x9e3779b1U >> (32 - Filter::kBits); }

  std::vector<Wanted> wanted_;   // in the order of asking
  std::vector<Wanted> sorted_;   // each name once, by hash, name and exactness
  std::vector<uint32_t> lists_;  // of found_, by number of wanted_
  std::vector<std::vector<TypeId>> found_;
  uint32_t kinds_ = 0;  // that any name is wanted of; 1 << kind
  Filter heads_;        // names' first four bytes
  Filter keys_;         // their first eight, as far as they are theirs

  // Of the BTF that is searched: its strings, from the first own one on, and how many offsets there
  // leave room for a head.
  const std::byte* text_ = nullptr;
  uint32_t first_string_ = 0;
  uint32_t room_ = 0;
};

// Without a branch that depends on the name: a type of another kind looks at the name 0, and only
// what is in the filter takes the way out.
inline void BtfSearch::See(const Btf& btf, uint32_t id, uint32_t name, uint32_t info) {
  const uint32_t kind = info >> 24 & 0x7f;
  const bool of_kind = (kinds_ >> (kind & 31) & 1) != 0;
  const uint32_t offset = name - first_string_;
  const bool near = offset < room_;
  uint32_t head;
  std::memcpy(&head, text_ + (of_kind && near ? offset : 0), sizeof head);
  if (of_kind && (!near || heads_.Has(HeadHash(head)))) [[unlikely]] {
    Check(btf, id, name, static_cast<BtfKind>(kind));
  }
}

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_BTF_SEARCH_H_
