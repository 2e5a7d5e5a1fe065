/* Stands in for /dev/dma_heap/linux,cma and /dev/udmabuf on a kernel that has neither (LD_PRELOAD).
 *
 * A buffer is a memfd: it can be mapped and passed on, which is all that libcamera's "virtual"
 * pipeline (udmabuf) and picamera2's allocator (dma_heap) ask of one. Synchronising and naming such
 * a buffer do nothing, with success.
 *
 * cc -shared -fPIC -O2 -o dmaheap_shim.so dmaheap_shim.c -ldl
 */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* linux/udmabuf.h and linux/dma-heap.h, as on every 64-bit machine */
struct udmabuf_create {
    uint32_t memfd, flags;
    uint64_t offset, size;
};
struct dma_heap_allocation {
    uint64_t len;
    uint32_t fd, fd_flags;
    uint64_t heap_flags;
};
enum {
    UDMABUF_CREATE = 0x40187542,
    DMA_BUF_SYNC = 0x40086200,
    DMA_BUF_NAME_A = 0x40046201,
    DMA_BUF_NAME_B = 0x40086201,
};
static const uint32_t DMA_HEAP_ALLOC = 0xc0184800u;

static int open_as(const char *symbol, const char *path, int flags, mode_t mode)
{
    if (path && (!strcmp(path, "/dev/udmabuf") || !strcmp(path, "/dev/dma_heap/linux,cma")))
        return memfd_create("dmaheap-shim", MFD_CLOEXEC);
    int (*next)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, symbol);
    return next(path, flags, mode);
}

static mode_t mode_of(int flags, va_list rest)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}

#define OPEN(name)                                        \
    int name(const char *path, int flags, ...)            \
    {                                                     \
        va_list rest;                                     \
        va_start(rest, flags);                            \
        mode_t mode = mode_of(flags, rest);               \
        va_end(rest);                                     \
        return open_as(#name, path, flags, mode);         \
    }
OPEN(open)
OPEN(open64)

int __open_2(const char *path, int flags) { return open_as("open", path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_as("open64", path, flags, 0); }

int ioctl(int fd, unsigned long request, ...)
{
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);

    uint32_t code = (uint32_t)request;
    if (code == UDMABUF_CREATE)
        return fcntl(((struct udmabuf_create *)argument)->memfd, F_DUPFD_CLOEXEC, 0);
    if (code == DMA_HEAP_ALLOC) {
        struct dma_heap_allocation *wanted = argument;
        int buffer = memfd_create("dmaheap-shim-buffer", MFD_CLOEXEC);
        if (buffer < 0)
            return -1;
        if (ftruncate(buffer, wanted->len) < 0) {
            close(buffer);
            return -1;
        }
        wanted->fd = buffer;
        return 0;
    }
    if (code == DMA_BUF_SYNC || code == DMA_BUF_NAME_A || code == DMA_BUF_NAME_B)
        return 0;
    static int (*next)(int, unsigned long, ...);
    if (!next)
        next = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
    return next(fd, request, argument);
}
