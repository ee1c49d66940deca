"""Rules for BPF programs, for this repository and for every workspace that depends on it.

    load("@purebpf//tools/build:bpf.bzl", "bpf_library", "bpf_object", "bpf_vmlinux", "cc_bpf_object",
         "cc_bpf_skeleton")

docs/BAZEL.md shows them at work.
"""

load("@bpf_tools//:defs.bzl", "CLANG", "MACHINE", "PROBLEM", "STRIP", "STRIP_PROBLEM", "SYSTEM_INCLUDES")
load("@rules_cc//cc:defs.bzl", "cc_library")
load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")
load("//tools/build:copts.bzl", "COPTS")

# Where headers are found by their path in a workspace: this one, and that of the target.
def _roots(ctx):
    roots = [".", ctx.bin_dir.path]
    if ctx.label.workspace_root:
        roots += [root + "/" + ctx.label.workspace_root for root in roots]
    return roots

# The machine that the program is for, as <bpf/bpf_tracing.h> calls it.
def _target_arch(ctx):
    if ctx.attr.target_arch:
        return ctx.attr.target_arch
    for label, arch in ctx.attr._cpus.items():
        if ctx.target_platform_has_constraint(label[platform_common.ConstraintValueInfo]):
            return arch
    return MACHINE

def _bpf_object_impl(ctx):
    if PROBLEM:
        fail("bpf_object: " + PROBLEM)
    if STRIP_PROBLEM and not ctx.attr.dwarf:
        fail("bpf_object: " + STRIP_PROBLEM)
    src = ctx.file.src
    out = ctx.actions.declare_file(ctx.label.name + ".o")
    args = ctx.actions.args()
    args.add_all(["-target", ctx.attr.target, "-D__TARGET_ARCH_" + _target_arch(ctx), "-O2", "-g", "-Wall"])
    if ctx.attr.cpu:
        args.add("-mcpu=" + ctx.attr.cpu)

    # The debug information becomes the object's BTF, which is why -g; the folder of this build is
    # kept out of it, so that the same source gives the same bytes everywhere.
    args.add("-fdebug-compilation-dir=.")
    args.add("-ffile-prefix-map=/proc/self/cwd=.")
    args.add("-ffile-prefix-map=%s=." % ctx.bin_dir.path)
    contexts = [dep[CcInfo].compilation_context for dep in ctx.attr.deps + [ctx.attr.headers]]
    quotes = depset(_roots(ctx), transitive = [c.quote_includes for c in contexts])
    systems = depset(transitive = [c.includes for c in contexts] + [c.system_includes for c in contexts])
    args.add_all(quotes, before_each = "-iquote")
    args.add_all(systems, before_each = "-isystem")
    args.add_all(SYSTEM_INCLUDES, before_each = "-idirafter")
    args.add_all(depset(transitive = [c.defines for c in contexts]), format_each = "-D%s")
    args.add_all(ctx.attr.copts)
    compiled = out if ctx.attr.dwarf else ctx.actions.declare_file(ctx.label.name + ".dwarf.o")
    args.add("-c", src)
    args.add("-o", compiled)
    ctx.actions.run(
        executable = CLANG,
        arguments = [args],
        inputs = depset([src] + ctx.files.hdrs, transitive = [c.headers for c in contexts]),
        outputs = [compiled],
        mnemonic = "BpfCompile",
        progress_message = "Compiling %s for bpf" % src.short_path,
    )
    if not ctx.attr.dwarf:
        # .BTF and .BTF.ext are no debug information to it.
        ctx.actions.run(
            executable = STRIP,
            arguments = ["--strip-debug", "-o", out.path, compiled.path],
            inputs = [compiled],
            outputs = [out],
            mnemonic = "BpfStrip",
            progress_message = "Stripping %s" % out.short_path,
        )
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([out]))]

bpf_object = rule(
    implementation = _bpf_object_impl,
    doc = "NAME.o: one C file compiled by the machine's clang for the kernel's BPF machine. BTF " +
          "and no DWARF; the same bytes from the same source, in whatever folder it is built.",
    attrs = {
        "copts": attr.string_list(doc = "further options for clang, after the rule's own"),
        "cpu": attr.string(
            doc = "the instruction set, clang's -mcpu: v3 needs Linux 5.1, v4 6.6. Clang's own " +
                  "default, if not said, is v1 up to clang 19 and v3 since",
            values = ["", "v1", "v2", "v3", "v4"],
        ),
        "deps": attr.label_list(
            providers = [CcInfo],
            doc = "bpf_library, bpf_vmlinux or cc_library targets: their headers and defines",
        ),
        "dwarf": attr.bool(doc = "keeps DWARF, for llvm-objdump -S; BTF is there in any case"),
        "hdrs": attr.label_list(
            allow_files = [".h", ".c"],
            doc = "headers included by their path, and sources that src includes",
        ),
        "headers": attr.label(
            default = Label("//bpf/include:bpf_headers"),
            doc = "the library that has <bpf/bpf_helpers.h>; an empty cc_library here gives way " +
                  "to the machine's own",
            providers = [CcInfo],
        ),
        "src": attr.label(allow_single_file = [".c"], mandatory = True),
        "target": attr.string(
            default = "bpf",
            doc = "the byte order: of the machine that builds, little (bpfel) or big (bpfeb)",
            values = ["bpf", "bpfeb", "bpfel"],
        ),
        "target_arch": attr.string(
            doc = "the machine whose registers <bpf/bpf_tracing.h> reads; the platform that is " +
                  "built for, if not said",
            values = ["", "arm", "arm64", "loongarch", "mips", "powerpc", "riscv", "s390", "x86"],
        ),
        # Those that differ from the machine that builds where --platforms says so.
        "_cpus": attr.label_keyed_string_dict(default = {
            "@platforms//cpu:aarch64": "arm64",
            "@platforms//cpu:x86_64": "x86",
        }),
    },
)

def bpf_library(name, hdrs, deps = [], **kwargs):
    """Headers that BPF programs include, and the C++ programs beside them if both can read them.

    Args:
      name: the library, for deps of bpf_object, bpf_library and cc_library
      hdrs: its headers, included by their path in the workspace
      deps: other libraries whose headers these include
      **kwargs: as for a cc_library: includes, defines, include_prefix, visibility...
    """
    cc_library(name = name, hdrs = hdrs, deps = deps, **kwargs)

def _vmlinux_header_impl(ctx):
    out = ctx.outputs.out
    btf = ctx.file.btf
    ctx.actions.run(
        executable = ctx.executable._vmlinux,
        arguments = [btf.path if btf else "/sys/kernel/btf/vmlinux", out.path],
        inputs = [btf] if btf else [],
        outputs = [out],
        # The running kernel is no input that Bazel knows: not to be taken from another machine.
        execution_requirements = {} if btf else {"no-cache": "1", "no-remote": "1"},
        mnemonic = "BpfVmlinux",
        progress_message = "Writing %s" % out.short_path,
    )

_vmlinux_header = rule(
    implementation = _vmlinux_header_impl,
    attrs = {
        "btf": attr.label(allow_single_file = True),
        "out": attr.output(mandatory = True),
        "_vmlinux": attr.label(
            cfg = "exec",
            default = Label("//tools/build:vmlinux"),
            executable = True,
        ),
    },
)

def bpf_vmlinux(name, btf = None, **kwargs):
    """A library with "vmlinux.h": a kernel's types as C, for deps of bpf_object.

    Args:
      name: the library
      btf: a file of BTF, raw or an ELF file with a .BTF section. The kernel of the machine that
        builds, if not said: convenient, but then the build depends on that machine
      **kwargs: for the cc_library
    """
    header = name + "/vmlinux.h"
    _vmlinux_header(
        name = name + "_header",
        out = header,
        btf = btf,
        visibility = ["//visibility:private"],
    )
    cc_library(name = name, hdrs = [header], includes = [name], **kwargs)

def _embedded_object_impl(ctx):
    stem = ctx.attr.stem
    header = ctx.actions.declare_file(stem + ".h")
    source = ctx.actions.declare_file(stem + ".cc")
    args = ctx.actions.args()
    args.add("--namespace", ctx.attr.namespace)
    args.add("--include", ctx.attr.include)
    args.add("--header", header)
    args.add("--source", source)
    args.add(ctx.file.object)
    ctx.actions.run(
        executable = ctx.executable._embed,
        arguments = [args],
        inputs = [ctx.file.object],
        outputs = [header, source],
        mnemonic = "BpfEmbed",
        progress_message = "Embedding %s" % ctx.file.object.short_path,
    )
    return [
        DefaultInfo(files = depset([header, source])),
        OutputGroupInfo(header = depset([header]), source = depset([source])),
    ]

_embedded_object = rule(
    implementation = _embedded_object_impl,
    attrs = {
        "include": attr.string(mandatory = True, doc = "the header's path as it is included"),
        "namespace": attr.string(mandatory = True),
        "object": attr.label(allow_single_file = [".o"], mandatory = True),
        "stem": attr.string(mandatory = True, doc = "the generated files' name without .h and .cc"),
        "_embed": attr.label(
            # Runs where the build runs.
            cfg = "exec",
            default = Label("//tools/build:embed"),
            executable = True,
        ),
    },
)

def _generated_library(name, generated, include_prefix, tags, kwargs):
    """The cc_library NAME of a target `generated` that writes a header and a source."""
    for group in ["header", "source"]:
        native.filegroup(
            name = generated + "_" + group,
            srcs = [":" + generated],
            output_group = group,
            tags = tags,
            visibility = ["//visibility:private"],
        )
    if include_prefix != None:
        kwargs["include_prefix"] = include_prefix
    cc_library(
        name = name,
        srcs = [":" + generated + "_source"],
        hdrs = [":" + generated + "_header"],
        # Clang counts a literal beyond 64 KiB among the pedantic warnings.
        copts = COPTS + ["-Wno-overlength-strings"],
        tags = tags,
        **kwargs
    )

def cc_bpf_object(name, object, namespace = None, include_prefix = None, tags = [], **kwargs):
    """A cc_library that carries the bytes of a BPF object, so that no file is read at run time.

        #include "<package>/<name>.h"

        namespace <name> { std::span<const std::byte> Object(); }

    The bytes are aligned to 8 and live in the program's read-only data.

    Args:
      name: the library, and the header's name
      object: a bpf_object
      namespace: the C++ namespace of Object(), NAME if not said; nested ones as "a::b"
      include_prefix: includes it as "<include_prefix>/<name>.h", as for a cc_library
      tags: for the cc_library
      **kwargs: for the cc_library
    """
    folder = native.package_name() if include_prefix == None else include_prefix
    _embedded_object(
        name = name + "_embedded",
        include = (folder + "/" if folder else "") + name + ".h",
        namespace = namespace or name,
        object = object,
        stem = name,
        tags = tags,
        visibility = ["//visibility:private"],
    )
    _generated_library(name, name + "_embedded", include_prefix, tags, kwargs)

def _skeleton_impl(ctx):
    stem = ctx.attr.stem + ".skel"
    header = ctx.actions.declare_file(stem + ".h")
    source = ctx.actions.declare_file(stem + ".cc")
    args = ctx.actions.args()
    args.add("--name", ctx.attr.stem)
    if ctx.attr.namespace:
        args.add("--namespace", ctx.attr.namespace)
    args.add_all(ctx.attr.types, before_each = "--type")
    args.add("--include", ctx.attr.include)
    args.add("--header", header)
    args.add("--source", source)
    args.add(ctx.file.object)
    ctx.actions.run(
        executable = ctx.executable._generate,
        arguments = [args],
        inputs = [ctx.file.object],
        outputs = [header, source],
        mnemonic = "BpfSkeleton",
        progress_message = "Writing the skeleton of %s" % ctx.file.object.short_path,
    )
    return [
        DefaultInfo(files = depset([header, source])),
        OutputGroupInfo(header = depset([header]), source = depset([source])),
    ]

_skeleton = rule(
    implementation = _skeleton_impl,
    attrs = {
        "include": attr.string(mandatory = True, doc = "the header's path as it is included"),
        "namespace": attr.string(),
        "object": attr.label(allow_single_file = [".o"], mandatory = True),
        "stem": attr.string(mandatory = True, doc = "the object's name; the files are STEM.skel.*"),
        "types": attr.string_list(),
        "_generate": attr.label(
            cfg = "exec",
            default = Label("//tools/skeleton:generate"),
            executable = True,
        ),
    },
)

def cc_bpf_skeleton(
        name,
        object,
        namespace = None,
        types = [],
        include_prefix = None,
        deps = [],
        tags = [],
        **kwargs):
    """A cc_library to use a BPF object by: its bytes, and typed maps, programs and variables.

        #include "<package>/<name>.skel.h"

        auto objects = <name>::Load();

    docs/SKELETON.md says what is in the header.

    Args:
      name: the library; what the object is called, in the kernel too; the header's name
      object: a bpf_object, or any object file
      namespace: the header's C++ namespace; NAME, as an identifier, if not said; nested ones as "a::b"
      types: names of C types that are wanted besides those of maps and global variables: records
        of a ring buffer whose definition does not name them
      include_prefix: includes it as "<include_prefix>/<name>.skel.h", as for a cc_library
      deps: further ones for the cc_library
      tags: for the cc_library
      **kwargs: for the cc_library
    """
    folder = native.package_name() if include_prefix == None else include_prefix
    _skeleton(
        name = name + "_skeleton",
        include = (folder + "/" if folder else "") + name + ".skel.h",
        namespace = namespace or "",
        object = object,
        stem = name,
        tags = tags,
        types = types,
        visibility = ["//visibility:private"],
    )
    kwargs["deps"] = deps + [Label("//loader:skeleton")]
    _generated_library(name, name + "_skeleton", include_prefix, tags, kwargs)
