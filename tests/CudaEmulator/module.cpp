#include "module.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "block.h"

namespace crescent {

namespace {

struct Search {
    const void* base;
    StaticShared found;
};

// Static shared memory is the module's thread-local storage.
int findShared(dl_phdr_info* info, size_t, void* data) {
    auto wanted = static_cast<Search*>(data);
    if (reinterpret_cast<const void*>(info->dlpi_addr) != wanted->base || !info->dlpi_tls_data) return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_TLS) continue;
        wanted->found.start = info->dlpi_tls_data;
        wanted->found.bytes = info->dlpi_phdr[i].p_memsz;
    }
    return 1;
}

}  // namespace

Module::~Module() {
    if (object) dlclose(object);
}

Result Module::load(Module** module, const void* image, std::string& why) {
    auto header = static_cast<const Elf64_Ehdr*>(image);
    if (!image || memcmp(header->e_ident, ELFMAG, SELFMAG) || header->e_machine != EM_X86_64 || header->e_type != ET_DYN) {
        why = "the image is not one of the emulated NVRTC";
        return InvalidImage;
    }
    size_t bytes = header->e_shoff + static_cast<size_t>(header->e_shnum) * header->e_shentsize;
    int file = memfd_create("crescent-module", MFD_CLOEXEC);
    if (file < 0 || write(file, image, bytes) != static_cast<ssize_t>(bytes)) return OutOfMemory;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    auto made = std::make_unique<Module>();
    made->object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    // The loader knows libraries by their names: while this one is open, no other may get its number.
    if (!made->object) {
        why = dlerror();
        close(file);
        return InvalidImage;
    }
    auto bind = reinterpret_cast<void (*)(const Services*)>(dlsym(made->object, "crescent_bind"));
    made->touch = reinterpret_cast<void (*)()>(dlsym(made->object, "crescent_touch"));
    if (!bind || !made->touch) {
        why = "the image was not made by the emulated NVRTC";
        return InvalidImage;
    }
    bind(&BlockRunner::services());
    link_map* map = nullptr;
    dlinfo(made->object, RTLD_DI_LINKMAP, &map);
    made->base = reinterpret_cast<const void*>(map->l_addr);
    *module = made.release();
    return Success;
}

Result Module::find(Function** function, const char* name) {
    auto& known = functions[name];
    if (!known) {
        auto kernel = static_cast<const KernelEntry*>(dlsym(object, (std::string(name) + "_entry").c_str()));
        if (!kernel) {
            functions.erase(name);
            return NotFound;
        }
        known.reset(new Function{this, kernel});
    }
    *function = known.get();
    return Success;
}

StaticShared Module::shared() const {
    // A thread has it only after it has used some.
    touch();
    Search search{base, {nullptr, 0}};
    dl_iterate_phdr(findShared, &search);
    return search.found;
}

}  // namespace crescent
