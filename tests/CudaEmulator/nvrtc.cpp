// The emulated NVRTC: g++ compiles the same source for the host; what it gives as PTX or cubin is a shared object.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "rewrite.h"

extern char** environ;

#define API extern "C" __attribute__((visibility("default"))) int

namespace {

enum { Success = 0, OutOfMemory = 1, InvalidInput = 3, InvalidProgram = 4, InvalidOption = 5, Compilation = 6, Internal = 11 };

struct Program {
    std::string source, name, log, image;
    std::vector<std::pair<std::string, std::string>> headers;
};

std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream all;
    all << file.rdbuf();
    return all.str();
}

void write(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

// The folder of this library, where the headers are too.
std::string here() {
    Dl_info self;
    dladdr(reinterpret_cast<void*>(&here), &self);
    std::string path = self.dli_fname;
    return path.substr(0, path.rfind('/'));
}

bool run(const std::vector<std::string>& command, const std::string& log) {
    std::vector<char*> arguments;
    for (const std::string& each : command) arguments.push_back(const_cast<char*>(each.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 2, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    pid_t child;
    int error = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error) {
        write(log, command[0] + ": " + strerror(error));
        return false;
    }
    int status = 0;
    // Where the host process reaps its children itself, the file that was to be made tells.
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return true;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Options that the real one knows and that change nothing here.
bool known(const std::string& option) {
    static const char* prefixes[] = {"--gpu-architecture=", "-arch=", "-arch", "--std=", "-std=", "--use_fast_math", "-use_fast_math", "--fmad=", "-fmad=", "--ftz=", "-ftz=",
        "--prec-div=", "-prec-div=", "--prec-sqrt=", "-prec-sqrt=", "--ptxas-options=", "-Xptxas", "--device-as-default-execution-space", "-default-device", "--restrict", "-restrict",
        "--extra-device-vectorization", "--maxrregcount=", "-maxrregcount=", "--generate-line-info", "-lineinfo", "-w", "--disable-warnings", "--dopt", "-dopt", "-G", "--device-debug",
        "--split-compile=", "--minimal", "-minimal", "--diag-suppress="};
    for (const char* prefix : prefixes)
        if (!option.compare(0, strlen(prefix), prefix)) return true;
    return false;
}

int compile(Program& program, const std::vector<std::string>& definitions, const std::string& folder) {
    const char* compiler = getenv("CRESCENT_CUDA_EMULATOR_CXX");
    const std::string cxx = compiler ? compiler : "g++", log = folder + "/log", source = folder + "/source.cu", plain = folder + "/plain.cpp", object = folder + "/kernel.so";
    for (const auto& [name, text] : program.headers) write(folder + "/" + name, text);
    write(source, "#line 1 \"" + program.name + "\"\n" + program.source);
    std::vector<std::string> preprocess = {cxx, "-std=c++17", "-E", "-x", "c++", "-DCRESCENT_EMULATED=1", "-DCRESCENT_PRELUDE=1", "-I", folder};
    preprocess.insert(preprocess.end(), definitions.begin(), definitions.end());
    preprocess.insert(preprocess.end(), {source, "-o", plain});
    bool done = run(preprocess, log);
    if (done) {
        write(plain, crescent::rewrite(read(plain)));
        // Divisions by zero and the like are as the device has them; products and sums fuse as they do there.
        done = run({cxx, "-std=c++17", "-O2", "-march=native", "-ffp-contract=fast", "-fno-math-errno", "-fPIC", "-shared", "-fvisibility=hidden", "-fno-gnu-unique", "-fno-exceptions",
                       "-fno-strict-aliasing", "-w", "-I", here(), "-include", "cuda_host.h", "-x", "c++", plain, "-o", object}, log);
    }
    program.log = read(log);
    program.image = read(object);
    return done && !program.image.empty() ? Success : Compilation;
}

}  // namespace

API nvrtcVersion(int* major, int* minor) {
    *major = 12;
    *minor = 8;
    return Success;
}

API nvrtcGetNumSupportedArchs(int* count) {
    *count = 2;
    return Success;
}

API nvrtcGetSupportedArchs(int* architectures) {
    architectures[0] = 80;
    architectures[1] = 90;
    return Success;
}

API nvrtcCreateProgram(Program** program, const char* source, const char* name, int count, const char** headers, const char** names) {
    if (!source) return InvalidInput;
    *program = new Program{source, name ? name : "default_program", "", "", {}};
    for (int i = 0; i < count; i++) (*program)->headers.emplace_back(names[i], headers[i]);
    return Success;
}

API nvrtcDestroyProgram(Program** program) {
    delete *program;
    *program = nullptr;
    return Success;
}

API nvrtcCompileProgram(Program* program, int count, const char** options) {
    std::vector<std::string> definitions;
    for (int i = 0; i < count; i++) {
        const std::string option = options[i];
        if (!option.compare(0, 2, "-D") || !option.compare(0, 2, "-U")) definitions.push_back(option);
        else if (!option.compare(0, 15, "--define-macro=")) definitions.push_back("-D" + option.substr(15));
        else if (!known(option)) {
            program->log = "unrecognized option '" + option + "'";
            return InvalidOption;
        }
    }
    const char* temporary = getenv("TMPDIR");
    std::string folder = std::string(temporary && *temporary ? temporary : "/tmp") + "/crescent-nvrtc-XXXXXX";
    if (!mkdtemp(folder.data())) return Internal;
    int result = compile(*program, definitions, folder);
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    return result;
}

API nvrtcGetPTXSize(Program* program, size_t* bytes) {
    *bytes = program->image.size();
    return program->image.empty() ? InvalidProgram : Success;
}

API nvrtcGetPTX(Program* program, char* image) {
    memcpy(image, program->image.data(), program->image.size());
    return Success;
}

API nvrtcGetCUBINSize(Program* program, size_t* bytes) { return nvrtcGetPTXSize(program, bytes); }
API nvrtcGetCUBIN(Program* program, char* image) { return nvrtcGetPTX(program, image); }

API nvrtcGetProgramLogSize(Program* program, size_t* bytes) {
    *bytes = program->log.size() + 1;
    return Success;
}

API nvrtcGetProgramLog(Program* program, char* log) {
    memcpy(log, program->log.c_str(), program->log.size() + 1);
    return Success;
}

API nvrtcAddNameExpression(Program*, const char*) { return Internal; }
API nvrtcGetLoweredName(Program*, const char*, const char**) { return Internal; }

extern "C" __attribute__((visibility("default"))) const char* nvrtcGetErrorString(int result) {
    switch (result) {
        case Success: return "NVRTC_SUCCESS";
        case OutOfMemory: return "NVRTC_ERROR_OUT_OF_MEMORY";
        case InvalidInput: return "NVRTC_ERROR_INVALID_INPUT";
        case InvalidProgram: return "NVRTC_ERROR_INVALID_PROGRAM";
        case InvalidOption: return "NVRTC_ERROR_INVALID_OPTION";
        case Compilation: return "NVRTC_ERROR_COMPILATION";
        default: return "NVRTC_ERROR_INTERNAL_ERROR";
    }
}
