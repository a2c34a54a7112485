/* Functions of one float that the reference shares: operators of their own, and activations folded
 * into others. */
#pragma once

float its_sigmoid(float x);
float its_hard_swish(float x);
