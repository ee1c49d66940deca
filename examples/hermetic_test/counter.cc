#include "counter.h"

#include "counter/counter_object.h"
#include "purebpf/bpf/try.h"

purebpf::Result<Counter> Counter::Load(purebpf::Kernel& kernel) {
  const auto spec =
      PUREBPF_TRY(purebpf::CollectionSpec::Parse(counter_object::Object(), "counter"));
  return Counter(PUREBPF_TRY(spec.LoadAndAssign<Objects>(kernel)));
}

purebpf::Result<void> Counter::Offer(purebpf::Bytes packet) const {
  PUREBPF_TRY(objects_.program.TestRun({.data = packet}));
  return {};
}

purebpf::Result<uint64_t> Counter::packets() const {
  const auto number = PUREBPF_TRY(objects_.packets.Lookup(0));
  return number.value_or(0);
}
