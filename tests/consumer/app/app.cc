// Prints the maps and programs of the object that it carries: purebpf as a stranger uses it. Needs
// no privilege, since reading an object involves no kernel.
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <typeinfo>

#include "app/count_object.h"
#include "app/counter.skel.h"
#include "app/packet_stats.h"
#include "purebpf/loader/collection_spec.h"

namespace {

purebpf::CollectionSpec ReadObject() {
  auto spec = purebpf::CollectionSpec::Parse(app::count::Object(), "count.o");
  // The library returns errors; the program around it may throw them.
  if (!spec) throw std::runtime_error(spec.error().ToString());
  return *std::move(spec);
}

// The bytes are aligned for whoever lays structs over them.
bool IsAligned() { return reinterpret_cast<uintptr_t>(app::count::Object().data()) % 8 == 0; }

}  // namespace

int main() {
  try {
    const purebpf::CollectionSpec spec = ReadObject();
    std::printf("object aligned: %s\n", IsAligned() ? "yes" : "no");
    std::printf("license: %s\n", spec.license.c_str());
    for (const purebpf::MapSpec& map : spec.maps) {
      std::printf("map %s: type %" PRIu32 ", key %" PRIu32 " bytes, value %" PRIu32
                  " bytes, %" PRIu32 " entries\n",
                  map.name.c_str(), static_cast<uint32_t>(map.params.type), map.params.key_size,
                  map.params.value_size, map.params.max_entries);
    }
    for (const purebpf::ProgramSpec& program : spec.programs) {
      std::printf("program %s: section %s, references", program.name.c_str(),
                  program.section.c_str());
      for (const purebpf::Reference& reference : spec.CodeOf(program).references) {
        if (reference.kind == purebpf::ReferenceKind::kMap)
          std::printf(" %s", spec.maps[reference.target].name.c_str());
      }
      std::printf("\n");
    }
    auto counter = app::counter::Spec::Read();
    if (!counter) throw std::runtime_error(counter.error().ToString());
    counter->maps.packet_counts->params.max_entries /= 2;
    std::printf("skeleton: %s, %" PRIu32 " entries\n",
                counter->programs.count_packets->name.c_str(),
                counter->maps.packet_counts->params.max_entries);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", typeid(error).name(), error.what());
    return 1;
  }
  return 0;
}
