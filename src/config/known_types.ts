// The types that GOST registers, so that a misspelling is told from a type that tungo does not have.

export const HANDLERS: readonly string[] = `
  api auto dns file forward http http2 http3 masque metrics red redir redirect
  redu relay router rtcp rudp runix serial sni socks socks4 socks4a socks5 ss
  sshd ssu tap tcp tun tungo tunnel udp unix
`.trim().split(/\s+/);

export const LISTENERS: readonly string[] = `
  dns dtls ftcp grpc h2 h2c h3 http2 http3 icmp icmp6 kcp mtcp mtls mws mwss
  ohttp ohttps otls pht phts quic red redir redirect redu rtcp rudp runix
  serial ssh sshd stdio tap tcp tls tun tungo udp unix ws wss wt
`.trim().split(/\s+/);

export const CONNECTORS: readonly string[] = `
  direct forward http http2 masque relay router serial sni socks socks4
  socks4a socks5 ss sshd ssu tcp tunnel unix virtual
`.trim().split(/\s+/);

export const DIALERS: readonly string[] = `
  direct dtls ftcp grpc h2 h2c h3 h3-masque http2 http3 icmp icmp6 kcp mtcp
  mtls mws mwss ohttp ohttps otls pht phts quic serial ssh sshd tcp tls udp
  unix utls virtual wg ws wss wt
`.trim().split(/\s+/);
