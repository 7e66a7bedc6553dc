/**
 * The metadata keys that GOST reads anywhere. One that an object has no use for is a warning there, a key that is not among
 * them is an error.
 */
export const KNOWN_KEYS: readonly string[] = `
  accessLog action admission api.accessLog api.pathPrefix async auth
  authBasicRealm authorizedKeys authorizePath backlog backup bind bufferSize
  bypass ca caFile cert certFile cipherKey clientIP climiter comp componentID
  compression config configFile connectTimeout dialTimeout dir disable4a dns
  dtls.bufferSize dtls.flightInterval dtls.mtu enableCompression
  enableDatagram enableDatagrams enableStats enableTor entrypoint
  entrypoint.compression entrypoint.id entrypoint.keepalive
  entrypoint.ProxyProtocol entrypoint.readTimeout fail_timeout failTimeout
  file.dir file.put fingerprint flightInterval grpc.authority grpc.backlog
  grpc.host grpc.insecure grpc.keepalive grpc.keepalive.maxConnectionIdle
  grpc.keepalive.minTime grpc.keepalive.permitWithoutStream
  grpc.keepalive.time grpc.keepalive.timeout grpc.minConnectTimeout grpc.path
  grpcInsecure guid gw handshakeTimeout hash header host hosts http.body
  http.compression http.header http.keepalive http.maxBodySize http.proxyAgent
  idleTimeout ignoreChain ingress insecure interface ipv6 kcp.config
  kcp.configFile kcp.crypt kcp.interval kcp.keepalive kcp.key kcp.mode kcp.mtu
  kcp.nocomp kcp.rcvwnd kcp.smuxbuf kcp.smuxver kcp.sndwnd kcp.streambuf
  kcp.tcp keepalive keepalive.count keepalive.idle keepalive.interval
  keepalive.maxConnectionIdle keepalive.minTime keepalive.permitWithoutStream
  keepalive.retries keepalive.time keepalive.timeout keepalive.ttl key keyFile
  knock labels limiter.cleanupInterval limiter.conn.in limiter.conn.out
  limiter.in limiter.out limiter.refreshInterval limiter.scope
  listener.serial.timeout max_fails maxFails maxIdleTimeout maxStreams
  metrics.path minConnectTimeout mitm.alpn mitm.bypass mitm.caCertFile
  mitm.caKeyFile mitm.certFile mitm.keyFile mode mptcp mtu multicastGroups
  mux.keepaliveDisabled mux.keepaliveInterval mux.keepaliveTimeout
  mux.maxFrameSize mux.maxReceiveBuffer mux.maxStreamBuffer
  mux.maxStreamWindow mux.type mux.version name net netns netns.out nodelay
  notls obfs.header obfs.host obfs.path observePeriod observer.observePeriod
  observer.period observer.resetTraffic p2p passphrase passphraseFromKeyring
  path pathPrefix peer pht.authorizePath pht.pullPath pht.pushPath postDown
  postUp preDown prefer preUp privateKeyFile probe_resist probeResist
  probeResistance proxyAgent proxyProtocol publicAddr pullPath pushPath put
  quic.enableDatagram read.timeout readBufferSize readHeaderTimeout
  readQueueSize readTimeout record.mode recvQueueSize relay resolver retries
  reuseport rlimiter route router router.bufferSize router.cache
  router.cache.expiration router.id routes sd sd.cache.expiration
  sd.renewInterval secure serial.timeout serverName skipauth sniffing
  sniffing.dialOriginalDst sniffing.fallback sniffing.responseTimeout
  sniffing.timeout sniffing.udp sniffing.websocket
  sniffing.websocket.sampleRate so_mark socks.publicAddr socks5.tor stateless
  strategy tcp tcp.keepalive tcp.keepalive.count tcp.keepalive.idle
  tcp.keepalive.interval tcpModerateReceiveBuffer tcpReceiveBufferSize
  tcpSendBufferSize timeout tls.caFile tls.certFile tls.keyFile tls.secure
  tls.serverName token tor tproxy ttl tun.dns tun.guid tun.gw tun.keepalive
  tun.mtu tun.name tun.net tun.p2p tun.peer tun.route tun.router tun.routes
  tun.token tun.ttl tungo.multicastGroups tungo.tcpModerateReceiveBuffer
  tungo.tcpReceiveBufferSize tungo.tcpSendBufferSize tungo.udpTimeout tunnel
  tunnel.direct tunnel.id tunnel.ttl tunnel.weight tunnelID udp
  udp.bindRange.max udp.bindRange.min udp.bufferSize udp.maxPort udp.minPort
  udp.resolveDomain udp.timeout udpBufferSize udpResolveDomain udpTimeout
  users weight writeBufferSize writeTimeout ws.backlog ws.enableCompression
  ws.handshakeTimeout ws.header ws.host ws.keepalive ws.path ws.readBufferSize
  ws.readHeaderTimeout ws.writeBufferSize wt.header wt.host wt.path
`.trim().split(/\s+/);
