#include "purebpf/tools/xconnect/switchboard.h"

#include <utility>

#include "purebpf/bpf/try.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/netlink/xdp.h"
#include "purebpf/tools/xconnect/xconnect_object.h"

namespace purebpf::xconnect {
namespace {

using netlink::IfAttached;

Result<void> Within(Result<void> result, std::string_view interface) {
  if (result) return {};
  return std::unexpected(std::move(result).error().Within(interface));
}

}  // namespace

Result<Objects> LoadObjects(Kernel& kernel) {
  const CollectionSpec spec =
      PUREBPF_TRY(CollectionSpec::Parse(xconnect_object::Object(), "xconnect"));
  return spec.LoadAndAssign<Objects>(kernel);
}

Result<Switchboard> Switchboard::Open(Kernel& kernel) {
  netlink::Socket socket = PUREBPF_TRY(netlink::Socket::Open(kernel));
  Objects objects = PUREBPF_TRY(LoadObjects(kernel));
  ProgramInfo info = PUREBPF_TRY(objects.program.Info());
  Claim claim = PUREBPF_TRY(Claim::Take(info.id));
  Identity identity{.id = info.id, .name = std::move(info.name), .tag = info.tag};
  return Switchboard(std::move(objects), std::move(claim), std::move(socket), std::move(identity));
}

std::optional<Failure> Switchboard::Execute(std::span<const Action> actions) {
  replaced_.clear();
  std::optional<Failure> failure;
  size_t done = 0;
  for (; done < actions.size() && !failure; ++done) {
    Result<void> result = Do(actions[done]);
    if (!result) failure = Failure{std::move(result).error(), done, {}};
  }
  if (failure) {
    for (size_t i = failure->action; i-- > 0;) {
      Result<void> undone = Undo(actions[i]);
      if (undone) continue;
      Error error = std::move(undone).error();
      error.operation = "undo: " + error.operation;
      failure->not_undone.push_back(std::move(error));
    }
  }
  replaced_.clear();
  return failure;
}

Result<void> Switchboard::Do(const Action& action) {
  switch (action.verb) {
    case Verb::kPut:
      return Within(Put(action.index, action.to), action.name);
    case Verb::kAttach:
      return Within(Attach(action), action.name);
    case Verb::kDetach:
      return Within(Detach(action), action.name);
    case Verb::kDelete:
      return Delete(action.index);
  }
  std::unreachable();
}

Result<void> Switchboard::Undo(const Action& action) {
  switch (action.verb) {
    case Verb::kPut:
      return Within(action.was != 0 ? Put(action.index, action.was) : Delete(action.index),
                    action.name);
    case Verb::kAttach:
      return Within(UndoAttach(action), action.name);
    case Verb::kDetach:
      return Within(Attach({.verb = Verb::kAttach,
                            .index = action.index,
                            .name = action.name,
                            .mode = action.mode}),
                    action.name);
    case Verb::kDelete:
      return Put(action.index, action.was);
  }
  std::unreachable();
}

Result<void> Switchboard::Put(uint32_t from, uint32_t to) {
  PUREBPF_TRY(objects_.map.Put(from, to));
  wiring_.entries[from] = to;
  return {};
}

Result<void> Switchboard::Delete(uint32_t from) {
  PUREBPF_TRY(objects_.map.Delete(from));
  wiring_.entries.erase(from);
  return {};
}

Result<void> Switchboard::Attach(const Action& action) {
  if (action.over == Occupant::kNone) {
    PUREBPF_TRY(AttachXdp(socket_, action.index, objects_.program,
                          {.mode = action.mode, .if_attached = IfAttached::kRefuse}));
  } else {
    PUREBPF_TRY(AttachOver(action));
  }
  wiring_.attached[action.index] = {.name = action.name, .mode = action.mode};
  return {};
}

// In the place of the very program that was looked at, and of no other that came since.
Result<void> Switchboard::AttachOver(const Action& action) {
  Program occupant = PUREBPF_TRY(Program::FromId(socket_.kernel(), action.over_program));
  if (action.over_mode == action.mode) {
    PUREBPF_TRY(ReplaceXdp(socket_, action.index, objects_.program, occupant, action.mode));
  } else {
    // The kernel has no atomic change from one mode to the other.
    PUREBPF_TRY(DetachXdp(socket_, action.index, occupant, action.over_mode));
    Result<void> attached = AttachXdp(socket_, action.index, objects_.program,
                                      {.mode = action.mode, .if_attached = IfAttached::kRefuse});
    if (!attached) {
      const Result<void> restored =
          AttachXdp(socket_, action.index, occupant,
                    {.mode = action.over_mode, .if_attached = IfAttached::kRefuse});
      Error error = std::move(attached).error();
      if (!restored) error.detail += "; and the program before it could not be put back";
      return std::unexpected(std::move(error));
    }
  }
  replaced_.insert({action.index, std::move(occupant)});
  return {};
}

Result<void> Switchboard::UndoAttach(const Action& action) {
  const auto replaced = replaced_.find(action.index);
  if (replaced == replaced_.end()) return Detach(action);
  const Program& before = replaced->second;
  if (action.over_mode == action.mode) {
    PUREBPF_TRY(ReplaceXdp(socket_, action.index, before, objects_.program, action.mode));
  } else {
    PUREBPF_TRY(DetachXdp(socket_, action.index, objects_.program, action.mode));
    PUREBPF_TRY(AttachXdp(socket_, action.index, before,
                          {.mode = action.over_mode, .if_attached = IfAttached::kRefuse}));
  }
  wiring_.attached.erase(action.index);
  return {};
}

Result<void> Switchboard::Detach(const Action& action) {
  Result<void> detached = DetachXdp(socket_, action.index, objects_.program, action.mode);
  const bool not_there = !detached && (detached.error().code == Code::kNotFound ||
                                       detached.error().code == Code::kConflict);
  if (!detached && !not_there) return detached;
  wiring_.attached.erase(action.index);
  return {};
}

void Switchboard::Forget(uint32_t index) {
  wiring_.attached.erase(index);
  std::erase_if(wiring_.entries, [&](const auto& entry) {
    if (entry.first != index && entry.second != index) return false;
    // An entry that stays behind leads nowhere: the next Put of its key replaces it.
    [[maybe_unused]] const Result<bool> deleted = objects_.map.Delete(entry.first);
    return true;
  });
}

std::vector<Action> Switchboard::DetachAll(std::vector<Error>& errors) {
  std::vector<Action> detached;
  const std::map<uint32_t, Attachment> attached = wiring_.attached;
  for (const auto& [index, attachment] : attached) {
    if (attachment.displaced) continue;
    Action action{
        .verb = Verb::kDetach, .index = index, .name = attachment.name, .mode = attachment.mode};
    Result<void> result = Do(action);
    if (result) {
      detached.push_back(std::move(action));
    } else {
      errors.push_back(std::move(result).error());
    }
  }
  return detached;
}

}  // namespace purebpf::xconnect
