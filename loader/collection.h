// The maps and programs of one object, loaded.
#ifndef PUREBPF_LOADER_COLLECTION_H_
#define PUREBPF_LOADER_COLLECTION_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/error.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/program.h"
#include "purebpf/loader/load_plan.h"

namespace purebpf {

namespace internal {
class Execution;
}  // namespace internal

// Owns everything until it is taken; what is not taken is closed with it.
class Collection {
 public:
  struct LoadedMap {
    std::string name;  // MapSpec::name; the map's own is the kernel's
    Map map;
  };

  // Executes the plan, all or nothing: a failure at step k closes and unpins what steps 1 .. k-1
  // made, and the Error names the collection and the step's map or program. A program that the
  // verifier rejects: kRejected, `detail` explains the log (verifier_log.h), `log` has all of it.
  // With LoadPlan::partial such a program is left out, and a map that the kernel refuses with the
  // programs that use it.
  // What an older kernel refuses and nothing needs is left out by trying: the object's types, what
  // maps and programs say of theirs, names, memory that can be mapped.
  [[nodiscard]] static Result<Collection> Load(Kernel& kernel, LoadPlan plan);

  Collection(Collection&&) noexcept;
  Collection& operator=(Collection&&) noexcept;
  ~Collection();

  // Null where there is none of that name (any more).
  [[nodiscard]] const Map* FindMap(std::string_view name) const;
  [[nodiscard]] const Program* FindProgram(std::string_view name) const;
  [[nodiscard]] const std::vector<LoadedMap>& maps() const { return maps_; }
  [[nodiscard]] const std::vector<Program>& programs() const { return programs_; }

  // Moves it out. kNotFound where there is none of that name, or it was taken before; the Error
  // says which names there are.
  [[nodiscard]] Result<Map> TakeMap(std::string_view name);
  [[nodiscard]] Result<Program> TakeProgram(std::string_view name);

  // The bytes of a global variable, as the programs see them and change them at any time: memory
  // that is mapped when it is first asked for, and as long as this collection is. Do not write to
  // constants: their memory cannot be written. kNotFound: no such variable, or its map was taken;
  // kUnsupported: the map cannot be mapped (static variables alone, or before Linux 5.5).
  [[nodiscard]] Result<MutableBytes> Variable(std::string_view name);
  // One access, where it can be mapped or not; kInvalidArgument where T is of another size.
  template <typename T>
    requires std::is_trivially_copyable_v<T>
  [[nodiscard]] Result<T> Get(std::string_view variable) {
    T value{};
    auto read = Read(variable, MutableBytesOf(value));
    if (!read) return std::unexpected(std::move(read).error());
    return value;
  }
  // The whole map is written where it cannot be mapped, with what it had elsewhere.
  template <typename T>
    requires std::is_trivially_copyable_v<T>
  Result<void> Set(std::string_view variable, const T& value) {
    return Write(variable, BytesOf(value));
  }

  // Gives a struct_ops map its value, with the programs that are its functions (kept by the kernel
  // from then on). This registers it, unless its section is .struct_ops.link: such a map is then
  // ready for a link. kNotFound where there is none of that name.
  Result<void> FillStructOps(std::string_view map);

  // With LoadOptions::partial: what was not loaded, and why.
  [[nodiscard]] const std::vector<Failure>& failures() const { return failures_; }

 private:
  friend class internal::Execution;

  struct StructOpsValue {
    std::string map;
    std::vector<std::byte> value;
  };
  struct Mapping {
    std::string map;
    Kernel* kernel = nullptr;
    MutableBytes memory;
  };

  Collection() = default;
  void Unmap();
  [[nodiscard]] Result<const VariableSpec*> VariableOf(std::string_view name, size_t size) const;
  [[nodiscard]] const VariableSpec* FindVariable(std::string_view name) const;
  Result<void> Read(std::string_view variable, MutableBytes out);
  Result<void> Write(std::string_view variable, Bytes value);

  std::string name_;
  std::vector<LoadedMap> maps_;
  std::vector<Program> programs_;
  std::vector<VariableSpec> variables_;
  std::vector<StructOpsValue> struct_ops_;
  std::vector<Mapping> mappings_;
  std::vector<Failure> failures_;
};

}  // namespace purebpf

#endif  // PUREBPF_LOADER_COLLECTION_H_
