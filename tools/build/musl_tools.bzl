"""Finds musl, and how g++ builds with it: @musl_tools//:defs.bzl.

Debian has musl for C (musl-tools). Its C++ is made of what is there: the headers of g++'s libstdc++,
which was configured for glibc, and libstdc++.a, of which only what calls no libc can be linked.
"""

# What those headers take for granted because glibc has it. Nothing that is compiled uses any of it,
# but the condition variables' clock, which only programs with threads wait by.
_GLIBC_HAS = [
    "-D__GLIBC_PREREQ(major,minor)=0",
    "-D__locale_t=locale_t",
    "-Dpthread_cond_clockwait(condition,mutex,clock,time)=pthread_cond_timedwait(condition,mutex,time)",
    # std::string and std::string_view from their headers, and nothing from the library.
    "-D_GLIBCXX_EXTERN_TEMPLATE=0",
] + ["-D_IS%s=%d" % (name, 1 << bit) for bit, name in enumerate([
    "upper",
    "lower",
    "alpha",
    "digit",
    "xdigit",
    "space",
    "print",
    "graph",
    "blank",
    "cntrl",
    "punct",
    "alnum",
])]

# Where this g++ looks for headers: its own, without those of the machine's libc.
def _gcc_folders(rctx, gcc):
    result = rctx.execute(
        [gcc, "-E", "-x", "c++", "-v", "/dev/null"],
        environment = {"LC_ALL": "C"},
    )
    listed = result.stderr.partition("search starts here:\n#include <...> search starts here:\n")[2]
    folders = [line.strip() for line in listed.partition("End of search list")[0].splitlines()]
    return [str(rctx.path(f)) for f in folders if "/c++/" in f or "/lib/gcc" in f]

def _musl_tools_impl(rctx):
    machine = rctx.execute(["uname", "-m"]).stdout.strip()
    headers = "/usr/include/%s-linux-musl" % machine
    specs = "/usr/lib/%s-linux-musl/musl-gcc.specs" % machine
    problem = ""
    copts = []
    gcc = rctx.which("g++")
    if gcc == None:
        problem = "no g++ found, whose headers a C++ program with musl is built with"
    elif not rctx.path(headers + "/stdlib.h").exists or not rctx.path(specs).exists:
        problem = "no musl found (%s, %s); install it (Debian: musl-tools)" % (headers, specs)
    else:
        folders = _gcc_folders(rctx, gcc)
        cxx = [f for f in folders if "/c++/" in f and not f.endswith("/backward")]
        own = [f for f in folders if "/c++/" not in f]
        copts = ["-nostdinc"] + ["-isystem%s" % f for f in cxx + [headers] + own] + _GLIBC_HAS

    # Where libstdc++.a is, and no other libc.
    library = rctx.execute([gcc, "-print-file-name=libstdc++.a"]).stdout.strip() if gcc else ""
    rctx.file("BUILD.bazel", "")
    rctx.file("defs.bzl", "MUSL_PROBLEM = %r\nMUSL_COPTS = %r\nMUSL_LINKOPTS = %r\n" % (
        problem,
        copts,
        ["-specs=" + specs, "-L" + library.rpartition("/")[0]],
    ))

musl_tools = repository_rule(
    implementation = _musl_tools_impl,
    configure = True,
    environ = ["PATH"],
    local = True,
)
