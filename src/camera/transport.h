/* How RTSP brings the pictures: a camera's setting. */
#pragma once

enum its_transport {
    ITS_TRANSPORT_TCP, /* within the connection: nothing is lost */
    ITS_TRANSPORT_UDP, /* beside it: what is lost stays lost, what is late does not hold up the rest
                        */
};
