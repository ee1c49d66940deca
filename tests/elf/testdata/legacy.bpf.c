// An object as compilers before 2019 made them: no BTF, no debug information, the maps section.
#define SECTION(name) __attribute__((section(name), used))

struct {
  unsigned int type, key_size, value_size, max_entries, map_flags;
} hits SECTION("maps") = {1, 4, 8, 64, 0};

static void* (*map_lookup)(void* map, const void* key) = (void*)1;

SECTION("socket") int filter(void* ctx) {
  unsigned int key = 0;
  return map_lookup(&hits, &key) != 0;
}

char _license[] SECTION("license") = "GPL";
