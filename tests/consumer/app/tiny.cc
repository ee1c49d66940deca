// The same as a small static program: no exceptions, no stdio. Prints what its object needs.
#include <unistd.h>

#include <string>

#include "app/count_object.h"
#include "purebpf/loader/collection_spec.h"

static void Say(int fd, const std::string& line) {
  if (write(fd, line.data(), line.size()) < 0) _exit(2);
}

int main() {
  const auto spec = purebpf::CollectionSpec::Parse(app::count::Object(), "count.o");
  if (!spec) {
    Say(STDERR_FILENO, spec.error().ToString() + "\n");
    return 1;
  }
  std::string line = "maps:";
  for (const purebpf::MapSpec& map : spec->maps) line += " " + map.name;
  line += "; programs:";
  for (const purebpf::ProgramSpec& program : spec->programs) line += " " + program.name;
  Say(STDOUT_FILENO, line + "\n");
  return 0;
}
