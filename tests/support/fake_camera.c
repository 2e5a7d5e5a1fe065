/* A V4L2 camera that is not there, for programs that read nothing else: preload it, and opening
 * the file $FAKE_CAMERA gives a descriptor that answers as linux/videodev2.h says and delivers what
 * the file holds $FAKE_CAMERA_FPS times a second: a JPEG, or else pixels in YUYV. Either has
 * $FAKE_CAMERA_WIDTH x $FAKE_CAMERA_HEIGHT pixels, whatever the program asks for.
 *
 * The descriptor is a timerfd, so select(), poll() and read() wait on the kernel, as on a camera's.
 * A process that holds a lock on the file, flock(2), keeps the camera busy; remove it, and the camera has
 * been unplugged. One stream in a process; memory-mapped buffers only.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { BUFFERS = 8, BUFFER_BYTES = 1 << 21 };

static int camera = -1, picture = -1;
static unsigned char *memory[BUFFERS];
static int queued[BUFFERS], waiting;
static const unsigned char *seen;
static size_t seen_bytes;
static unsigned sequence;

static int refuse(int error) {
    errno = error;
    return -1;
}

static int is_camera(const char *path) {
    const char *name = getenv("FAKE_CAMERA");
    return name && !strcmp(path, name);
}

static int open_next(const char *path, int flags, mode_t mode) {
    static int (*next)(const char *, int, ...);
    if (!next)
        next = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open64");
    return next(path, flags, mode);
}

static int open_camera(const char *path, int flags) {
    struct stat about;
    picture = open_next(path, O_RDONLY | O_CLOEXEC, 0);
    if (picture < 0 || fstat(picture, &about) || about.st_size < 2 ||
        about.st_size > BUFFER_BYTES)
        return refuse(ENODEV);
    seen_bytes = about.st_size;
    seen = mmap(NULL, seen_bytes, PROT_READ, MAP_PRIVATE, picture, 0);
    if (seen == MAP_FAILED)
        return -1;
    return camera = timerfd_create(CLOCK_MONOTONIC, flags & O_NONBLOCK ? TFD_NONBLOCK : 0);
}

static int run_timer(int on) {
    long period = on ? 1000000000L / atoi(getenv("FAKE_CAMERA_FPS")) : 0;
    struct itimerspec every = {{0, period}, {0, period}};
    return timerfd_settime(camera, 0, &every, NULL);
}

static int describe(struct v4l2_capability *about) {
    memset(about, 0, sizeof *about);
    strcpy((char *)about->driver, "fake");
    strcpy((char *)about->card, "fake camera");
    about->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
    about->capabilities = about->device_caps | V4L2_CAP_DEVICE_CAPS;
    return 0;
}

static int describe_input(struct v4l2_input *about) {
    if (about->index)
        return refuse(EINVAL);
    memset(about, 0, sizeof *about);
    strcpy((char *)about->name, "Camera 1");
    about->type = V4L2_INPUT_TYPE_CAMERA;
    return 0;
}

static int set_format(struct v4l2_format *format) {
    int width = atoi(getenv("FAKE_CAMERA_WIDTH")), height = atoi(getenv("FAKE_CAMERA_HEIGHT"));
    int compressed = seen[0] == 0xff && seen[1] == 0xd8;
    struct v4l2_pix_format picture = {
        .width = width,
        .height = height,
        .pixelformat = compressed ? V4L2_PIX_FMT_MJPEG : V4L2_PIX_FMT_YUYV,
        .field = V4L2_FIELD_NONE,
        .bytesperline = compressed ? 0 : 2 * width,
        .sizeimage = compressed ? BUFFER_BYTES : 2 * width * height,
        .colorspace = compressed ? V4L2_COLORSPACE_JPEG : V4L2_COLORSPACE_SMPTE170M,
    };
    format->fmt.pix = picture;
    return 0;
}

static int set_pace(struct v4l2_streamparm *pace) {
    struct v4l2_fract frame = {1, atoi(getenv("FAKE_CAMERA_FPS"))};
    memset(&pace->parm.capture, 0, sizeof pace->parm.capture);
    pace->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
    pace->parm.capture.timeperframe = frame;
    return 0;
}

static int request_buffers(struct v4l2_requestbuffers *request) {
    if (request->memory != V4L2_MEMORY_MMAP)
        return refuse(EINVAL);
    if (flock(picture, request->count ? LOCK_EX | LOCK_NB : LOCK_UN))
        return refuse(EBUSY);
    if (request->count > BUFFERS)
        request->count = BUFFERS;
    waiting = 0;
    return 0;
}

static int describe_buffer(struct v4l2_buffer *buffer) {
    if (buffer->index >= BUFFERS)
        return refuse(EINVAL);
    buffer->length = BUFFER_BYTES;
    buffer->m.offset = buffer->index * BUFFER_BYTES;
    buffer->memory = V4L2_MEMORY_MMAP;
    return 0;
}

static int queue(struct v4l2_buffer *buffer) {
    if (buffer->index >= BUFFERS || waiting == BUFFERS)
        return refuse(EINVAL);
    queued[waiting++] = buffer->index;
    buffer->flags |= V4L2_BUF_FLAG_QUEUED;
    return 0;
}

static int dequeue(struct v4l2_buffer *buffer) {
    uint64_t ticks;
    struct timespec now;
    struct stat about;
    if (!waiting)
        return refuse(EAGAIN);
    if (read(camera, &ticks, sizeof ticks) != sizeof ticks)
        return -1;
    if (fstat(picture, &about) || !about.st_nlink)
        return refuse(ENODEV);
    memset(buffer, 0, sizeof *buffer);
    buffer->index = queued[0];
    memmove(queued, queued + 1, --waiting * sizeof *queued);
    memcpy(memory[buffer->index], seen, seen_bytes);
    clock_gettime(CLOCK_MONOTONIC, &now);
    buffer->type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    buffer->memory = V4L2_MEMORY_MMAP;
    buffer->flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC | V4L2_BUF_FLAG_DONE;
    buffer->bytesused = seen_bytes;
    buffer->length = BUFFER_BYTES;
    buffer->m.offset = buffer->index * BUFFER_BYTES;
    buffer->sequence = sequence++;
    buffer->timestamp.tv_sec = now.tv_sec;
    buffer->timestamp.tv_usec = now.tv_nsec / 1000;
    return 0;
}

static int answer(unsigned long request, void *about) {
    /* Callers pass an int now and then, whose sign fills the upper half. */
    switch ((uint32_t)request) {
    case VIDIOC_QUERYCAP:
        return describe(about);
    case VIDIOC_ENUMINPUT:
        return describe_input(about);
    case VIDIOC_G_INPUT:
        return *(int *)about = 0;
    case VIDIOC_S_INPUT:
        return 0;
    case VIDIOC_S_FMT:
    case VIDIOC_G_FMT:
    case VIDIOC_TRY_FMT:
        return set_format(about);
    case VIDIOC_S_PARM:
    case VIDIOC_G_PARM:
        return set_pace(about);
    case VIDIOC_REQBUFS:
        return request_buffers(about);
    case VIDIOC_QUERYBUF:
        return describe_buffer(about);
    case VIDIOC_QBUF:
        return queue(about);
    case VIDIOC_DQBUF:
        return dequeue(about);
    case VIDIOC_STREAMON:
        return run_timer(1);
    case VIDIOC_STREAMOFF:
        return run_timer(0);
    default:
        return refuse(ENOTTY);
    }
}

#define OPEN_AS(name)                                                                              \
    int name(const char *path, int flags, ...) {                                                   \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;                    \
        va_end(rest);                                                                              \
        return is_camera(path) ? open_camera(path, flags) : open_next(path, flags, mode);                     \
    }
OPEN_AS(open)
OPEN_AS(open64)
OPEN_AS(__open_2)
OPEN_AS(__open64_2)

int ioctl(int file, unsigned long request, ...) {
    static int (*next)(int, unsigned long, ...);
    va_list rest;
    va_start(rest, request);
    void *about = va_arg(rest, void *);
    va_end(rest);
    if (file == camera && camera >= 0)
        return answer(request, about);
    if (!next)
        next = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
    return next(file, request, about);
}

static void *map_buffer(off64_t offset) {
    size_t index = offset / BUFFER_BYTES;
    if (index >= BUFFERS)
        return errno = EINVAL, MAP_FAILED;
    if (!memory[index])
        memory[index] = malloc(BUFFER_BYTES);
    return memory[index] ? memory[index] : MAP_FAILED;
}

#define MMAP_AS(name, offset_t)                                                                    \
    void *name(void *at, size_t bytes, int access, int flags, int file, offset_t offset) {         \
        static void *(*next)(void *, size_t, int, int, int, off64_t);                              \
        if (file == camera && camera >= 0)                                                         \
            return map_buffer(offset);                                                             \
        if (!next)                                                                                 \
            next = (void *(*)(void *, size_t, int, int, int, off64_t))dlsym(RTLD_NEXT, "mmap64");  \
        return next(at, bytes, access, flags, file, offset);                                       \
    }
MMAP_AS(mmap, off_t)
MMAP_AS(mmap64, off64_t)

int munmap(void *at, size_t bytes) {
    static int (*next)(void *, size_t);
    for (int index = 0; index < BUFFERS; index++)
        if (at && at == memory[index])
            return 0;
    if (!next)
        next = (int (*)(void *, size_t))dlsym(RTLD_NEXT, "munmap");
    return next(at, bytes);
}

int close(int file) {
    static int (*next)(int);
    if (!next)
        next = (int (*)(int))dlsym(RTLD_NEXT, "close");
    if (file == camera && camera >= 0) {
        /* A mapping holds its file, and so would keep the lock. */
        munmap((void *)seen, seen_bytes);
        next(picture);
        camera = picture = -1;
    }
    return next(file);
}
