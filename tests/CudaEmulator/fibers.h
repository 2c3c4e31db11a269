// Stacks for the threads of a block: each thread that has to wait keeps its own.
#pragma once
#include <stddef.h>

#include <vector>

namespace crescent {

extern "C" void crescent_switch(void** from, void* to);

class Fibers {
public:
    // A stack whose first switch begins at `entry`, which never returns.
    explicit Fibers(void (*entry)()) : _entry(entry) {}
    ~Fibers();
    Fibers(const Fibers&) = delete;

    int take();
    void release(int fiber) { _free.push_back(fiber); }
    void*& top(int fiber) { return _stacks[fiber].top; }

    // All stacks begin anew: what stood on them is given up.
    void reset();

private:
    struct Stack {
        void* top;
        char* memory;
    };

    void begin(Stack& stack, size_t number) const;

    void (*_entry)();
    std::vector<Stack> _stacks;
    std::vector<int> _free;
};

}  // namespace crescent
