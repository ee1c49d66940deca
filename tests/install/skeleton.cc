// What the object of this program holds: it is in the binary, by a skeleton. No kernel is asked.
#include <cstdio>

#include "count.skel.h"

int main() {
  auto spec = count::Spec::Read();
  if (!spec) {
    std::fprintf(stderr, "%s\n", spec.error().ToString().c_str());
    return 1;
  }
  spec->maps.packets->params.max_entries = 7;
  std::printf("%s in section %s, packets of %u\n", spec->programs.count->name.c_str(),
              spec->programs.count->section.c_str(), spec->maps.packets->params.max_entries);
  return 0;
}
