#include "purebpf/tools/purebpf/verbs.h"

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "purebpf/tools/purebpf/conversation.h"

namespace purebpf::tool {
namespace {

constexpr std::string_view kVersion = "purebpf 0.1.0\n";

constexpr std::string_view kIntroduction =
    R"(usage: purebpf VERB [OPTIONS] FILE...

Looks at BPF object files, says what loading them would do, does it, or tells where it would fail.

)";

constexpr std::string_view kConclusion = R"(
  --help, --version

`purebpf VERB --help` says more. Every verb that says something takes --json (one JSON object a line
and a file), and each of these, which may also stand before it:

  --record FILE   write every word with the kernel, and every file read, to FILE
  --replay FILE   do the same again, with FILE instead of a kernel: needs no root, changes nothing
  --trace         tell each call on stderr

exit status: 0 all is well; 1 something failed, or was found; 2 wrong usage
)";

constexpr std::string_view kInspectHelp = R"(usage: purebpf inspect [--json] OBJECT...

What an object file holds: sections, maps, programs, variables, externs, and what its instructions
refer to, CO-RE relocations in words. Needs no kernel; objects of either byte order will do.
)";

constexpr std::string_view kBtfDumpHelp =
    R"(usage: purebpf btf dump [--format c|raw] [--base FILE] [--json] FILE|vmlinux|MODULE

The types in BTF: of a file (raw BTF, or an ELF file with a section .BTF), of the running kernel
("vmlinux") or of one of its modules.

  --format raw   one type after the other, with its id (the default)
  --format c     a header that BPF programs are compiled with ("vmlinux.h"): every struct has the
                 layout that it has in the kernel, accesses become CO-RE relocations
  --base FILE    the BTF over which FILE is split: the kernel's for a module's

A file is named by a path: one of the name "vmlinux" as "./vmlinux".
)";

constexpr std::string_view kPlanHelp =
    R"(usage: purebpf plan [--btf FILE] [--kconfig FILE] [--each] [--max-entries NAME=N]
                    [--default-max-entries N] [--json] OBJECT...

What loading an object would do, without doing it: the maps that would be made and the programs with
all relocations resolved, for this kernel or for another one.

  --btf FILE                 plan for the kernel whose BTF this is (raw, or a vmlinux), which need not
                             be here, and may be of the other byte order; its options are then
                             those of --kconfig and nothing else
  --kconfig FILE             its configuration and version (as /boot/config-*; may be gzipped)
  --each                     every program alone, with the maps that it needs, also those of '?'
                             sections: one that cannot be planned does not hurt the others
  --max-entries NAME=N       the size of a map; may be repeated
  --default-max-entries N    the size of maps whose definition leaves it to user space

With --json, a line an object:
  {"file", "open": "ok" or an error, "maps": [MAP...], "programs": [PROGRAM...]}; and "error" where
           the object as a whole cannot be planned or loaded
  MAP      "name" as the kernel sees it, "type", "key_size", "value_size", "max_entries", "map_flags",
           "map_extra"; "plan" with an error where it cannot be made
  PROGRAM  "name", "section", "type", "attach_type", "flags", "plan": "ok" or an error, and then
           "insn_cnt", "insns": the instructions in hex, 8 bytes each, in the object's byte order,
           where the descriptor of a map is its index in "maps"; "fnv": FNV-1a 64 over these bytes
           with such indices set to 0
  an error is {"code", "operation", "object", "detail", "hint", "errno", "errno_name", "log"}
)";

constexpr std::string_view kLoadHelp =
    R"(usage: purebpf load [--btf FILE] [--kconfig FILE] [--each] [--max-entries NAME=N]
                    [--default-max-entries N] [--json] OBJECT...

Loads objects into the running kernel, says what the kernel made of them, and closes them again.
Nothing is attached and nothing pinned.

  --btf FILE                 resolve CO-RE relocations by this BTF and not by the kernel's own
  --kconfig FILE             options that count instead of the kernel's own
  --each                     every program alone, with the maps that it needs, also those of '?'
                             sections: one that fails does not hurt the others
  --max-entries NAME=N       the size of a map; may be repeated
  --default-max-entries N    the size of maps whose definition leaves it to user space

With --json, a line an object: what `plan` says, and for each program "load": "ok" or an error, and
then "tag", "verified_insns", "func_info", "line_info" (how many records the kernel kept).
)";

constexpr std::string_view kCheckHelp =
    R"(usage: purebpf check OBJECT... --btf FILE...|DIR... [--kconfig FILE] [--set NAME[=NUMBER]]...
                     [--json]

Whether objects fit kernels that are not here: which CO-RE relocations and kernel functions each of
them resolves, by its BTF. What does not resolve is

  guarded   where no instruction that needs it can be reached, whatever the program's input: the
            check before it (bpf_core_field_exists, a weak function's address, an option of the
            kernel's) has a constant answer on that kernel, as it has for the verifier
  depends   where it can be reached only if user space gives constants (`const volatile`) other
            values than they have in the object, as by a switch that is off: loading it there would
            fail once it is on
  missing   where it can: loading the program there would fail

Exit status 1 where something is missing or depends.

  --btf FILE...|DIR...  kernels, by their BTF: raw, or an ELF file with a section .BTF (a vmlinux).
                        All arguments up to the next option; of --btf=FILE, that one alone
  --kconfig FILE        the configuration of the kernel, of which there is then but one (as
                        /boot/config-*; may be gzipped): its options and its version, which guard
                        nothing where no configuration is known
  --set NAME=NUMBER     what user space gives a constant, in all objects that have it: nothing
                        depends on it then. May be repeated
  --set NAME            the constant keeps the value that it has in the object

A DIR holds files, each a kernel, or folders of such. Where one of them is "vmlinux", as in
/sys/kernel/btf, the raw BTF of modules beside it belongs to that kernel, and so does "config", its
configuration. What cannot be read, or has no types in it, is told: exit status 1, but for a file
beside kernels that is something else.

Objects and kernels may be of either byte order, but of the same. A global function is verified
whether it is called or not before Linux 6.8, which is told by the BTF; exception callbacks always
are.

One kernel after the other is read, for all objects; what is found is written when all are done, in
the order of the objects.

With --json, a line an object:
  {"file", "open": "ok" or an error, "ok", "kernels": [KERNEL...]}
  KERNEL   "btf", "open": "ok" or an error, "ok", "programs": [PROGRAM...]
  PROGRAM  "name", "section", "plan": "ok" or an error, "core" and "functions": how many CO-RE
           relocations and kernel functions it has; "guarded", "depends" and "missing":
           [{"insn", "what"}...], of "depends" also "variables": [NAME...]; "ok"
)";

constexpr std::string_view kGenSkeletonHelp =
    R"(usage: purebpf gen skeleton [-o FILE] [--name NAME] [--namespace NS] [--type TYPE] OBJECT

Writes the header by which a C++ program uses an object: it carries the object's bytes, and has its
types, maps, programs and global variables. To FILE, or to stdout.

  --name NAME      what the object is called, in the kernel too: its file's name, if not said
  --namespace NS   the header's namespace, as "a::b": NAME, if not said
  --type TYPE      a struct, union, enum or typedef that is wanted too: records of a ring buffer
                   whose definition does not name them. May be repeated

It is to be compiled with the purebpf that it was generated by. In Bazel, cc_bpf_skeleton does it.
)";

constexpr std::string_view kRecordHelp =
    R"(usage: purebpf record [-o FILE] [--] PROGRAM [ARGUMENT...]

Runs a program and writes its conversation with the kernel to FILE (PROGRAM.fixture, where none is
named), as text that `purebpf replay` and tests answer from. PROGRAM is one of these verbs, or
anything that takes its kernel from purebpf/bpf/testing/tool_kernel.h: it finds the file's name in
the environment, as PUREBPF_RECORD. Of several such programs in a row, the last counts.

exit status: the program's; 1 where it recorded nothing
)";

constexpr std::string_view kReplayHelp =
    R"(usage: purebpf replay FILE [--] PROGRAM [ARGUMENT...]

Runs a program with FILE, which was recorded, in the kernel's place: it needs no root and changes
nothing. PROGRAM finds the file's name in the environment, as PUREBPF_REPLAY. What it does
otherwise than recorded is reported, call by call.

exit status: the program's; 1 instead of 0 where something differs, or where it replayed nothing
)";

constexpr uint32_t kLoadOptions =
    kTalkBit | kJsonBit | kBtfBit | kKconfigBit | kEachBit | kEntriesBit;

constexpr auto kVerbs = std::to_array<Verb>({
    {"inspect", "what object files hold", kInspectHelp, kJsonBit | kTalkBit, false, &RunInspect},
    {"btf dump", "types as text, or as a header in C", kBtfDumpHelp,
     kJsonBit | kFormatBit | kBaseBit | kTalkBit, true, &RunBtfDump},
    {"gen skeleton", "an object as a header for C++", kGenSkeletonHelp,
     kOutputBit | kNamesBit | kTalkBit, true, &RunGenSkeleton},
    {"plan", "what loading would do, for this kernel or another", kPlanHelp, kLoadOptions, false,
     &RunPlan},
    {"load", "load, report, and close again", kLoadHelp, kLoadOptions, false, &RunLoad},
    {"check", "whether objects fit kernels that are not here", kCheckHelp,
     kJsonBit | kBtfListBit | kKconfigBit | kSetBit | kTalkBit, false, &RunCheck},
    {"record", "write a program's conversation with the kernel to a file", kRecordHelp, kOutputBit,
     false, &RunRecord},
    {"replay", "run a program with such a file in the kernel's place", kReplayHelp, 0, false,
     &RunReplay},
});

std::string Usage() {
  std::string text(kIntroduction);
  Table table;
  for (const Verb& verb : kVerbs) table.Add({std::string(verb.name), std::string(verb.summary)});
  return text + table.Text("  ") + std::string(kConclusion);
}

bool IsHelp(std::string_view argument) {
  return argument == "--help" || argument == "-h" || argument == "-help";
}

// How many of the arguments are the verb's name; 0: they begin with something else.
size_t WordsOf(const Verb& verb, std::span<const std::string_view> arguments) {
  const size_t space = verb.name.find(' ');
  if (arguments.empty() || arguments[0] != verb.name.substr(0, space)) return 0;
  if (space == std::string_view::npos) return 1;
  return arguments.size() > 1 && arguments[1] == verb.name.substr(space + 1) ? 2 : 0;
}

// The help of the verbs of two words that begin with this one.
std::string HelpOfThoseThatBegin(std::string_view word) {
  std::string text;
  for (const Verb& verb : kVerbs) {
    const size_t space = verb.name.find(' ');
    if (space == std::string_view::npos || verb.name.substr(0, space) != word) continue;
    if (!text.empty()) text += '\n';
    text += verb.help;
  }
  return text;
}

// How many of the arguments, from the first on, are one option about the conversation.
size_t TalkWords(std::span<const std::string_view> arguments) {
  if (arguments.empty() || !arguments[0].starts_with('-')) return 0;
  std::string_view name = arguments[0].substr(arguments[0].starts_with("--") ? 2 : 1);
  const bool joined = name.find('=') != std::string_view::npos;
  name = name.substr(0, name.find('='));
  if (name == "trace") return 1;
  if (name != "record" && name != "replay") return 0;
  return joined || arguments.size() == 1 ? 1 : 2;
}

int Misused(Output& output, std::string_view what, std::string_view help) {
  output.Complain("purebpf: " + Clean(what) + "\n\n" + std::string(help));
  return kUsage;
}

// The command, but for what is recorded or replayed.
std::string CommandLine(const Verb& verb, std::span<const std::string_view> arguments) {
  std::string text = "purebpf " + std::string(verb.name);
  for (size_t i = 0; i < arguments.size(); ++i) {
    const size_t words = TalkWords(arguments.subspan(i));
    if (words == 0) text.append(" ").append(arguments[i]);
    if (words == 2) ++i;
  }
  return text;
}

// What stands behind "help" may be a verb.
int Help(std::span<const std::string_view> arguments, Output& output) {
  std::string help;
  if (arguments.empty() || arguments[0].starts_with('-')) help = Usage();
  for (const Verb& verb : kVerbs)
    if (WordsOf(verb, arguments) > 0) help = verb.help;
  if (help.empty()) help = HelpOfThoseThatBegin(arguments[0]);
  if (help.empty())
    return Misused(output, "unknown verb '" + std::string(arguments[0]) + "'", Usage());
  return output.Write(help) ? kOk : kFailed;
}

int RunVerb(Kernel& kernel, const Verb& verb, std::span<const std::string_view> arguments,
            Output& output) {
  for (const std::string_view argument : arguments) {
    if (argument == "--") break;
    if (IsHelp(argument)) return output.Write(verb.help) ? kOk : kFailed;
  }
  const auto options = ParseOptions(arguments, verb.options);
  if (!options) return Misused(output, options.error(), verb.help);
  if (verb.one_file && options->files.size() > 1) {
    return Misused(output, "one file at a time, not '" + options->files[1] + "' too", verb.help);
  }
  if ((verb.options & kBtfListBit) != 0 && options->btf.empty()) {
    return Misused(output, "--btf FILE is missing", verb.help);
  }
  if ((verb.options & kTalkBit) == 0) return verb.run(kernel, *options, output);
  return Converse(kernel, *options, CommandLine(verb, arguments), output,
                  [&](Kernel& other) { return verb.run(other, *options, output); });
}

}  // namespace

std::span<const Verb> Verbs() { return kVerbs; }

int RunTool(Kernel& kernel, std::span<const std::string_view> all, Output& output) {
  // Options that stand before the verb are its first.
  size_t before = 0;
  while (const size_t words = TalkWords(all.subspan(before))) before += words;
  const auto arguments = all.subspan(before);
  for (const Verb& verb : kVerbs) {
    const size_t words = WordsOf(verb, arguments);
    if (words == 0) continue;
    std::vector<std::string_view> own(all.begin(), all.begin() + static_cast<ptrdiff_t>(before));
    own.insert(own.end(), arguments.begin() + static_cast<ptrdiff_t>(words), arguments.end());
    return RunVerb(kernel, verb, own, output);
  }
  if (arguments.empty()) return Misused(output, "no verb is given", Usage());
  if (arguments[0] == "--version") return output.Write(kVersion) ? kOk : kFailed;
  if (IsHelp(arguments[0]) || arguments[0] == "help") return Help(arguments.subspan(1), output);
  // The first word of others: "btf" of "btf dump".
  std::string verb(arguments[0]);
  const std::string help = HelpOfThoseThatBegin(verb);
  if (help.empty()) return Misused(output, "unknown verb '" + verb + "'", Usage());
  if (arguments.size() > 1 && IsHelp(arguments[1])) return output.Write(help) ? kOk : kFailed;
  if (arguments.size() > 1) verb.append(" ").append(arguments[1]);
  return Misused(output, "unknown verb '" + verb + "'", help);
}

}  // namespace purebpf::tool
