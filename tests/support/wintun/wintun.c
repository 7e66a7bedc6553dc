/*
 * A wintun.dll for tests under Wine: an adapter whose packets go to and come from a TCP connection to 127.0.0.1, each behind its
 * length (two octets, little endian). TUNGO_WINTUN_PORT names the port, TUNGO_WINTUN_LOG a file that gets a line for each adapter
 * that is made and closed. The names and the rules of the functions are those of wintun.h 0.14.
 */
#include <winsock2.h>
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __declspec(dllexport)

/* wintun.h: WINTUN_MIN_RING_CAPACITY, WINTUN_MAX_RING_CAPACITY, WINTUN_MAX_IP_PACKET_SIZE */
#define MIN_RING 0x20000
#define MAX_RING 0x4000000
#define MAX_PACKET 0xffff

/* Packets that wait for the program; further ones are lost, as with a full ring. */
#define QUEUE 8192

/* Octets that the program has sent and that wait for the connection. */
#define OUTBOX (8 << 20)

struct adapter {
    WCHAR name[128];
};

struct packet {
    DWORD length;
    BYTE octets[];
};

struct session {
    SOCKET socket;
    HANDLE event;
    HANDLE reader;
    CRITICAL_SECTION lock;
    struct packet *queue[QUEUE];
    unsigned first, count;
    /* The program found the ring empty and will wait: the next packet is to be announced. */
    BOOL alertable;
    BOOL closing;
    /* What is sent is gathered while the last of it leaves: a call of the system for each packet takes Wine 50 us. */
    HANDLE writer, writable;
    CRITICAL_SECTION outgoing;
    BYTE *outbox;
    DWORD pending;
};

/* The process's own, as it is now: the C library remembers that of its start. NULL where there is none. */
static const char *variable(const char *name)
{
    static char value[MAX_PATH];
    DWORD length = GetEnvironmentVariableA(name, value, sizeof value);
    return length > 0 && length < sizeof value ? value : NULL;
}

static void note(const char *what, const struct adapter *adapter, const GUID *guid)
{
    const char *path = variable("TUNGO_WINTUN_LOG");
    FILE *file = path ? fopen(path, "a") : NULL;
    if (!file) return;
    fprintf(file, "%s %ls", what, adapter->name);
    if (guid)
        fprintf(file, " {%08lX-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X}", guid->Data1, guid->Data2, guid->Data3,
                guid->Data4[0], guid->Data4[1], guid->Data4[2], guid->Data4[3], guid->Data4[4], guid->Data4[5],
                guid->Data4[6], guid->Data4[7]);
    fprintf(file, "\n");
    fclose(file);
}

EXPORT void *WINAPI WintunCreateAdapter(LPCWSTR name, LPCWSTR type, const GUID *guid)
{
    struct adapter *adapter;
    if (variable("TUNGO_WINTUN_DENY")) {
        SetLastError(ERROR_ACCESS_DENIED);
        return NULL;
    }
    if (!name || !type || lstrlenW(name) > 127) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    adapter = calloc(1, sizeof *adapter);
    lstrcpyW(adapter->name, name);
    note("create", adapter, guid);
    return adapter;
}

EXPORT void *WINAPI WintunOpenAdapter(LPCWSTR name)
{
    (void)name;
    SetLastError(ERROR_FILE_NOT_FOUND);
    return NULL;
}

EXPORT void WINAPI WintunGetAdapterLUID(void *adapter, UINT64 *luid)
{
    (void)adapter;
    /* ifdef.h: IF_TYPE_PROP_VIRTUAL in the upper 16 bits, and a number. */
    *luid = (UINT64)53 << 48 | (UINT64)1 << 24;
}

EXPORT void WINAPI WintunCloseAdapter(void *adapter)
{
    note("close", adapter, NULL);
    free(adapter);
}

static BOOL take(SOCKET from, char *into, int octets)
{
    while (octets > 0) {
        int got = recv(from, into, octets, 0);
        if (got <= 0) return FALSE;
        into += got;
        octets -= got;
    }
    return TRUE;
}

static DWORD WINAPI read_packets(void *parameter)
{
    struct session *session = parameter;
    for (;;) {
        BYTE header[2];
        struct packet *packet;
        DWORD length;
        if (!take(session->socket, (char *)header, 2)) break;
        length = header[0] | header[1] << 8;
        packet = malloc(sizeof *packet + length);
        packet->length = length;
        if (!take(session->socket, (char *)packet->octets, length)) break;
        EnterCriticalSection(&session->lock);
        if (session->count == QUEUE) {
            free(packet);
        } else {
            session->queue[(session->first + session->count++) % QUEUE] = packet;
            if (session->alertable) SetEvent(session->event);
            session->alertable = FALSE;
        }
        LeaveCriticalSection(&session->lock);
    }
    EnterCriticalSection(&session->lock);
    session->closing = TRUE;
    SetEvent(session->event);
    LeaveCriticalSection(&session->lock);
    return 0;
}

static DWORD WINAPI write_packets(void *parameter)
{
    struct session *session = parameter;
    BYTE *leaving = malloc(OUTBOX);
    while (!session->closing) {
        BYTE *full;
        DWORD length, at = 0;
        EnterCriticalSection(&session->outgoing);
        length = session->pending;
        full = session->outbox;
        if (length > 0) {
            session->outbox = leaving;
            session->pending = 0;
            leaving = full;
        }
        LeaveCriticalSection(&session->outgoing);
        if (length == 0) {
            WaitForSingleObject(session->writable, INFINITE);
            continue;
        }
        while (at < length) {
            int sent = send(session->socket, (char *)full + at, length - at, 0);
            if (sent <= 0) break;
            at += sent;
        }
    }
    free(leaving);
    return 0;
}

EXPORT void *WINAPI WintunStartSession(void *adapter, DWORD capacity)
{
    const char *port = variable("TUNGO_WINTUN_PORT");
    struct sockaddr_in to = {0};
    struct session *session;
    int on = 1;
    (void)adapter;
    if (capacity < MIN_RING || capacity > MAX_RING || (capacity & (capacity - 1)) || !port) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    session = calloc(1, sizeof *session);
    session->socket = socket(AF_INET, SOCK_STREAM, 0);
    to.sin_family = AF_INET;
    to.sin_port = htons(atoi(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(session->socket, (struct sockaddr *)&to, sizeof to)) {
        SetLastError(ERROR_NOT_READY);
        return NULL;
    }
    setsockopt(session->socket, IPPROTO_TCP, TCP_NODELAY, (char *)&on, sizeof on);
    session->event = CreateEventW(NULL, FALSE, FALSE, NULL);
    InitializeCriticalSection(&session->lock);
    session->outbox = malloc(OUTBOX);
    session->writable = CreateEventW(NULL, FALSE, FALSE, NULL);
    InitializeCriticalSection(&session->outgoing);
    session->reader = CreateThread(NULL, 0, read_packets, session, 0, NULL);
    session->writer = CreateThread(NULL, 0, write_packets, session, 0, NULL);
    return session;
}

EXPORT void WINAPI WintunEndSession(struct session *session)
{
    /* What has been sent is to arrive, as with a ring that the driver empties. */
    while (session->pending > 0 && !session->closing) Sleep(1);
    closesocket(session->socket);
    WaitForSingleObject(session->reader, INFINITE);
    SetEvent(session->writable);
    WaitForSingleObject(session->writer, INFINITE);
    CloseHandle(session->event);
}

EXPORT HANDLE WINAPI WintunGetReadWaitEvent(struct session *session)
{
    return session->event;
}

EXPORT BYTE *WINAPI WintunReceivePacket(struct session *session, DWORD *length)
{
    struct packet *packet = NULL;
    DWORD error = 0;
    EnterCriticalSection(&session->lock);
    if (session->count > 0) {
        packet = session->queue[session->first];
        session->first = (session->first + 1) % QUEUE;
        session->count--;
    } else {
        error = session->closing ? ERROR_HANDLE_EOF : ERROR_NO_MORE_ITEMS;
        session->alertable = TRUE;
    }
    LeaveCriticalSection(&session->lock);
    if (!packet) {
        SetLastError(error);
        return NULL;
    }
    *length = packet->length;
    return packet->octets;
}

EXPORT void WINAPI WintunReleaseReceivePacket(struct session *session, const BYTE *octets)
{
    (void)session;
    free((BYTE *)octets - offsetof(struct packet, octets));
}

EXPORT BYTE *WINAPI WintunAllocateSendPacket(struct session *session, DWORD length)
{
    struct packet *packet;
    if (length > MAX_PACKET || session->pending + length + 2 > OUTBOX) {
        SetLastError(ERROR_BUFFER_OVERFLOW);
        return NULL;
    }
    /* Two octets in front for the length that goes with it. */
    packet = malloc(sizeof *packet + 2 + length);
    packet->length = length;
    return packet->octets + 2;
}

EXPORT void WINAPI WintunSendPacket(struct session *session, const BYTE *octets)
{
    BYTE *framed = (BYTE *)octets - 2;
    struct packet *packet = (struct packet *)(framed - offsetof(struct packet, octets));
    BOOL idle;
    framed[0] = packet->length & 0xff;
    framed[1] = packet->length >> 8;
    EnterCriticalSection(&session->outgoing);
    idle = session->pending == 0;
    memcpy(session->outbox + session->pending, framed, 2 + packet->length);
    session->pending += 2 + packet->length;
    LeaveCriticalSection(&session->outgoing);
    if (idle) SetEvent(session->writable);
    free(packet);
}

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, void *reserved)
{
    WSADATA data;
    (void)module;
    (void)reserved;
    if (reason == DLL_PROCESS_ATTACH) WSAStartup(MAKEWORD(2, 2), &data);
    return TRUE;
}
